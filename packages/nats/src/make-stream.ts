import { JetStreamApiError } from "@nats-io/jetstream";

/** "subjects overlap with an existing stream": NATS says so, too, of one stream that two nodes make at once. */
const OVERLAP = 10_065;
const ATTEMPTS = 20;
const AGAIN_MS = 50;

/** Makes a stream of JetStream, or a bucket. Where another node is about to make the same one, it is there a moment later. */
export async function makeStream<T>(make: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === OVERLAP) || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
