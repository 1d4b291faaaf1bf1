import { baselineFeatures, type FeatureSet, noFeatures } from "../wire/features.ts";
import type { Form, Handshake } from "../wire/frames.ts";

/** A server's handshake, and the form in which it came. */
export type Greeting = Handshake & { readonly form: Form };

/** What the server said in its last handshake, which holds until the next one (PROTOCOL.md sections 1.8, 3.1 and 4.1). */
export class Agreement {
  #greeting: Greeting | undefined;

  /** A handshake came. */
  note(greeting: Greeting): void {
    this.#greeting = greeting;
  }

  get handshake(): Handshake | undefined {
    return this.#greeting;
  }

  /** Which form the server speaks. */
  get form(): Form {
    return this.#greeting?.form ?? "wrapped";
  }

  /** What the server uses of what we add to Sente's wire. */
  get features(): FeatureSet {
    const { features, session } = this.#greeting ?? {};
    // An older server, which names no features.
    return features ?? (session === undefined ? noFeatures : baselineFeatures);
  }

  /** True where the handshake went on with the session. */
  get isResumed(): boolean {
    return this.#greeting?.session?.resumed === true;
  }

  /**
   * Why nothing that was accepted before may be sent after that handshake, where it is of another user: what one user
   * wrote is never sent in the name of another. In the bare form a uid names the connection (section 4).
   */
  reasonToGiveUp({ uid, form }: Greeting): string | undefined {
    const before = this.#greeting?.uid;
    const isOther = before !== undefined && before !== uid;
    const isBare = form === "bare" && this.form === "bare";
    return isOther && !isBare ? describeOther(before, uid) : undefined;
  }
}

function describeOther(before: string | null, now: string | null): string {
  const [was, is] = [before, now].map((uid) => (uid === null ? "nobody" : JSON.stringify(uid.slice(0, 80))));
  return `the uid is ${is} now and was ${was}: what one user wrote is never sent in the name of another`;
}
