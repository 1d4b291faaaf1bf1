import { type Encoded, ProtocolError } from "@sente-lite/protocol";
import { allFeatures, codecCure, looksLike, readClientFrame } from "@sente-lite/protocol/session";
import type { Admitted } from "./admission.ts";

/** A peer, and what tells whether it reads our codec. */
interface Doubtful {
  readonly admitted: Pick<Admitted<unknown>, "codec"> & {
    readonly parameters: Pick<Admitted<unknown>["parameters"], "codec">;
  };
  readonly session: { readonly isConfirmed: boolean };
  report(error: Error, context: Readonly<Record<string, unknown>>): void;
}

/**
 * Peers that named no codec, were given the server's first one, and seem not to read it: Sente's name none, do not
 * understand the handshake, and keep still. Each kind is reported once in a server's life, `codec-mismatch`: such clients
 * come again for ever.
 */
export class CodecDoubts {
  readonly #told = new Set<string>();

  /** A frame came that the codec of the connection cannot read. */
  noteUndecodable(peer: Doubtful, data: Encoded): void {
    if (isInDoubt(peer)) this.#noteUnreadable(peer, data);
  }

  /** A frame came that the codec of the connection can read; it may say nothing all the same. */
  noteDecoded(peer: Doubtful, data: Encoded, value: unknown): void {
    if (!isInDoubt(peer)) return;
    if (readClientFrame(value, peer.admitted.codec.stringIds, allFeatures).type === "bad-event")
      this.#noteUnreadable(peer, data);
  }

  /** It was pinged, and did not answer. */
  noteSilent(peer: Doubtful): void {
    const codec = peer.admitted.codec.name;
    if (!isInDoubt(peer) || !this.#isFirst(`silent ${codec}`)) return;
    const cure = `put the codec of its packer first in codecs, or give it a packer for ${codec}`;
    const said = "a peer said nothing since its handshake, not even to a ping";
    report(peer, `${said}: it may not read ${codec}; ${cure}`);
  }

  #noteUnreadable(peer: Doubtful, data: Encoded): void {
    const cure = codecCure(looksLike(data), "server", peer.admitted.codec.name);
    if (cure !== "" && this.#isFirst(cure)) report(peer, `the first frame of a peer cannot be read: ${cure}`);
  }

  #isFirst(kind: string): boolean {
    if (this.#told.has(kind)) return false;
    this.#told.add(kind);
    return true;
  }
}

/** True where it named no codec, and has said nothing yet that shows that it reads ours. */
function isInDoubt({ admitted, session }: Doubtful): boolean {
  return !session.isConfirmed && admitted.parameters.codec === undefined;
}

function report(peer: Doubtful, message: string): void {
  peer.report(new ProtocolError("codec-mismatch", message), { source: "connection" });
}
