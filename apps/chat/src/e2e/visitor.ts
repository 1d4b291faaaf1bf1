import type { Browser, BrowserContext, Locator, Page } from "playwright";

/** Somebody at the page. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** The messages with exactly that text. */
  readonly message: (text: string) => Locator;
  readonly say: (text: string) => Promise<void>;
  /** Who is listed as being here, with the runtimes. */
  readonly people: () => Promise<string[]>;
  readonly connection: (state: "connected" | "waiting") => Promise<void>;
  /** What went wrong in the page, but for connections that could not be made. */
  readonly faults: readonly string[];
}

/** A browser of its own for somebody, who gives a name and joins by keyboard alone. */
export async function visit(browser: Browser, url: string, name: string): Promise<Visitor> {
  const visitor = await openTab(await browser.newContext(), url);
  // The field has the focus.
  await visitor.page.getByRole("heading", { name: "What should we call you?" }).waitFor();
  await visitor.page.keyboard.type(name);
  await visitor.page.keyboard.press("Enter");
  await visitor.connection("connected");
  return visitor;
}

/** A further tab of a browser. */
export async function openTab(context: BrowserContext, url: string): Promise<Visitor> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && !/WebSocket connection|ERR_/.test(line.text())) faults.push(line.text());
  });
  await page.goto(url);
  return {
    page,
    context,
    faults,
    message: (text) => page.locator(".entry", { has: page.locator(".bubble").getByText(text, { exact: true }) }),
    say: async (text) => {
      await page.getByLabel("Message", { exact: true }).fill(text);
      await page.keyboard.press("Enter");
    },
    people: async () => {
      const rows = page.getByRole("complementary", { name: "People" }).getByRole("listitem");
      return rows.evaluateAll((items) =>
        items.map((item) => [...item.querySelectorAll("bdi, .runtime")].map((part) => part.textContent).join(" ")),
      );
    },
    connection: (state) => page.locator(`#link[data-state="${state}"]`).waitFor(),
  };
}
