import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { notify } from "@/components/Notices.tsx";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { deleteView, readViews, saveView, type SavedView } from "../api/views.ts";
import { Views } from "./Views.tsx";

vi.mock("@/components/Notices.tsx", () => ({ notify: vi.fn() }));
vi.mock("../api/views.ts", () => ({
  readViews: vi.fn(),
  saveView: vi.fn(),
  deleteView: vi.fn(),
}));

const view = (id: string, name: string, query: string) => ({ id, name, query }) as SavedView;
const STUCK = view("viw_1", "Stuck", "status=BLOCKED");
const MINE = view("viw_2", "Mine", "owner=ana");
const DOWN = { code: "OFFLINE", message: "Dispatch cannot be reached." };

const onOpen = vi.fn();
const onClose = vi.fn();
const show = (query = "") => render(<Views query={query} onOpen={onOpen} onClose={onClose} />);
const names = () =>
  screen.getAllByRole("link").map((link) => link.querySelector("span")?.textContent);

beforeEach(() => {
  viewer.set(VISITOR);
  vi.mocked(readViews).mockResolvedValue({ data: [STUCK, MINE] });
});
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  vi.clearAllMocks();
});

it("opens a view and closes", async () => {
  show();
  await userEvent.click(await screen.findByRole("link", { name: /^Stuck/ }));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith("status=BLOCKED");
  expect(onClose).toHaveBeenCalledOnce();
});

it("marks the current view", async () => {
  show("owner=ana");
  const shown = await screen.findByRole("link", { current: true });
  expect(shown.textContent).toContain("Mine");
  expect(shown.textContent).toContain("shown now");
  expect(screen.getAllByText(/shown now/)).toHaveLength(1);
});

it("shows that there are no saved views, once that is loaded", async () => {
  vi.mocked(readViews).mockResolvedValue({ data: [] });
  show();
  expect(screen.queryByText("None is saved yet.")).toBeNull();
  expect(await screen.findByText("None is saved yet.")).toBeTruthy();
});

it("shows why loading failed", async () => {
  vi.mocked(readViews).mockResolvedValue({ failure: DOWN });
  show();
  expect((await screen.findByRole("alert")).textContent).toBe(DOWN.message);
  expect(screen.queryByText("None is saved yet.")).toBeNull();
});

it("saves the current address, and lists the new view", async () => {
  show("label=bug");
  await screen.findByRole("link", { name: /^Stuck/ });
  vi.mocked(saveView).mockResolvedValue({ data: {} });
  vi.mocked(readViews).mockResolvedValue({ data: [view("viw_3", "Bugs", "label=bug"), STUCK] });
  await userEvent.type(screen.getByRole("textbox"), " Bugs {Enter}");
  expect(saveView).toHaveBeenCalledExactlyOnceWith("Bugs", "label=bug");
  expect(await screen.findByRole("link", { name: /^Bugs/ })).toBeTruthy();
  expect(names()).toEqual(["Bugs", "Stuck"]);
});

it("deletes a view, and keeps it if the server rejects that", async () => {
  show();
  await screen.findByRole("link", { name: /^Stuck/ });
  vi.mocked(deleteView).mockResolvedValue({ failure: DOWN });
  await userEvent.click(screen.getByRole("button", { name: "Forget Stuck" }));
  expect((await screen.findByRole("alert")).textContent).toBe(DOWN.message);
  expect(names()).toEqual(["Stuck", "Mine"]);

  vi.mocked(deleteView).mockResolvedValue({ data: {} });
  vi.mocked(readViews).mockResolvedValue({ data: [MINE] });
  await userEvent.click(screen.getByRole("button", { name: "Forget Stuck" }));
  expect(deleteView).toHaveBeenLastCalledWith("viw_1");
  await vi.waitFor(() => expect(names()).toEqual(["Mine"]));
  expect(screen.queryByRole("alert"), "the reason is gone").toBeNull();
});

it("only opens and copies views without the permission to change them", async () => {
  viewer.set(READER);
  show();
  await screen.findByRole("link", { name: /^Stuck/ });
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.queryByRole("button", { name: /^Forget/ })).toBeNull();
  expect(screen.getByRole("button", { name: "Copy the link to Stuck" })).toBeTruthy();
});

it("copies the link, or shows it if the browser does not allow copying", async () => {
  const user = userEvent.setup();
  show();
  await screen.findByRole("link", { name: /^Stuck/ });
  const copy = screen.getByRole("button", { name: "Copy the link to Stuck" });
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await user.click(copy);
  const [address] = write.mock.lastCall ?? [];
  expect(address).toMatch(/^https?:.+viw_1$/);
  expect(notify).toHaveBeenLastCalledWith("The link is copied.");
  write.mockRejectedValue(new Error("denied"));
  await user.click(copy);
  await vi.waitFor(() => expect(notify).toHaveBeenLastCalledWith(address));
});
