import type { Browser, CDPSession } from "playwright";

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/**
 * A page that only the devtools protocol knows. Playwright's own pages are never hidden, and so never frozen: it has each
 * of them believe that it is in front.
 */
export class DevtoolsPage {
  readonly #browser: CDPSession;
  readonly #target: string;
  readonly #session: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #sent = 0;

  private constructor(browser: CDPSession, target: string, session: string) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
    browser.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      if (sessionId !== session) return;
      const answer = JSON.parse(message) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  /** Opens a tab, in front of the others of that context. */
  static async open(browser: CDPSession, browserContextId: string, url: string): Promise<DevtoolsPage> {
    const { targetId } = await browser.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: false });
    const page = new DevtoolsPage(browser, targetId, sessionId);
    // Before there is any connection: only those that it saw begin go offline with the rest.
    await page.send("Network.enable");
    await page.navigate(url);
    return page;
  }

  /** A window of its own, with cookies and tabs of its own. */
  static async context(browser: Browser): Promise<{ readonly browser: CDPSession; readonly id: string }> {
    const session = await browser.newBrowserCDPSession();
    const { browserContextId } = await session.send("Target.createBrowserContext");
    return { browser: session, id: browserContextId };
  }

  /** Sends a command of the devtools protocol. */
  async send(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#sent;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#browser.send("Target.sendMessageToTarget", { sessionId: this.#session, message });
    const { result, error } = await answered;
    this.#waiting.delete(id);
    if (result === undefined) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  /** The value of an expression, as JSON has it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send("Runtime.evaluate", { expression, returnByValue: true })) as {
      readonly result: { readonly value: T };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? expression);
    return result.value;
  }

  async bringToFront(): Promise<void> {
    await this.#browser.send("Target.activateTarget", { targetId: this.#target });
  }

  async navigate(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
  }

  /** As the button does. */
  async goBack(): Promise<void> {
    const { currentIndex, entries } = (await this.send("Page.getNavigationHistory")) as {
      readonly currentIndex: number;
      readonly entries: readonly { readonly id: number }[];
    };
    await this.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1]?.id });
  }

  async close(): Promise<void> {
    await this.#browser.send("Target.closeTarget", { targetId: this.#target });
  }
}
