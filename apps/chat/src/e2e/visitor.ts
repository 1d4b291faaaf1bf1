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

const WINDOW = { width: 1280, height: 720 };

/** Contexts that visitors leave for others to come, each with one page: to begin another costs more than most tests. */
const shared = new WeakSet<BrowserContext>();
const vacant = new Map<Browser, Page[]>();

/**
 * A browser of its own for somebody, who gives a name and joins by keyboard alone. `alone`: it is changed for good, its clock or
 * what it gets from the network, and nobody has it afterwards.
 */
export async function visit(
  browser: Browser,
  url: string,
  name: string,
  { alone = false }: { readonly alone?: boolean } = {},
): Promise<Visitor> {
  const visitor = await openPage(
    (!alone && (await enterVacant(browser, url))) || (await openContext(browser, alone)),
    url,
  );
  // The field has the focus.
  await visitor.page.getByRole("heading", { name: "What should we call you?" }).waitFor();
  await visitor.page.keyboard.type(name);
  await visitor.page.keyboard.press("Enter");
  await visitor.connection("connected");
  return visitor;
}

/** Everybody leaves, as long as the server is there: nothing that they did is left to the next. */
export async function leaveAll(browser: Browser): Promise<void> {
  const free = vacant.get(browser) ?? [];
  vacant.set(browser, free);
  await Promise.all(
    browser.contexts().map(async (context) => {
      const [page, ...others] = context.pages();
      if (page !== undefined && free.includes(page)) return;
      if (page === undefined || !shared.has(context) || !(await leave(page))) return context.close();
      await Promise.all(others.map((other) => other.close()));
      free.push(page);
    }),
  );
}

/** Whether another may have that page. */
async function leave(page: Page): Promise<boolean> {
  for (const event of ["pageerror", "console"]) page.removeAllListeners(event);
  // A picture of the same site: the process of the page goes on.
  const left = await page.goto(new URL("/favicon.svg", page.url()).href).catch(() => null);
  if (left === null) return false;
  await page.setViewportSize(WINDOW);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  return true;
}

async function openContext(browser: Browser, alone: boolean): Promise<Page> {
  // What moves has to be painted, by the processor.
  const context = await browser.newContext({ viewport: WINDOW, colorScheme: "light", reducedMotion: "reduce" });
  if (!alone) shared.add(context);
  return context.newPage();
}

/** A page that was left, without what a server at the same address may have had it store. */
async function enterVacant(browser: Browser, url: string): Promise<Page | undefined> {
  const page = vacant.get(browser)?.pop();
  if (page === undefined) return undefined;
  await page.goto(new URL("/favicon.svg", url).href);
  await page.evaluate(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  return page;
}

/** A further tab of a browser. */
export async function openTab(context: BrowserContext, url: string): Promise<Visitor> {
  return openPage(await context.newPage(), url);
}

async function openPage(page: Page, url: string): Promise<Visitor> {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    // Chromium asks every server for this, for a page that names no picture: that where one waits to be visited.
    if (line.location().url.endsWith("/favicon.ico")) return;
    if (line.type() === "error" && !/WebSocket connection|ERR_/.test(line.text())) faults.push(line.text());
  });
  await page.goto(url);
  return {
    page,
    context: page.context(),
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
