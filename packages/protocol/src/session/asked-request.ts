/** A request of the server to this client, which belongs to one session. */
export class AskedRequest {
  readonly id: number;
  /** The ledger of the session in which it was asked: each has its own. */
  readonly ledger: object;
  isAnswered = false;

  constructor(id: number, ledger: object) {
    this.id = id;
    this.ledger = ledger;
  }
}
