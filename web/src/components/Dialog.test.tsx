import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Dialog, Modal } from "./Dialog.tsx";

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});

const ignore = () => undefined;

/** Adds elements to the page outside of what is rendered. */
function addToPage(html: string): void {
  document.body.insertAdjacentHTML("beforeend", html);
}

const element = (selector: string): HTMLElement =>
  document.querySelector<HTMLElement>(selector) ?? expect.fail(`There is no ${selector}`);

it("focuses the first field of the content, not the close button", () => {
  render(
    <Dialog title="Views" onClose={ignore}>
      <input aria-label="Name" />
    </Dialog>,
  );
  expect(document.activeElement).toBe(screen.getByLabelText("Name"));
});

it("focuses an element with data-first before the first field, unless it is disabled", () => {
  const { unmount } = render(
    <Dialog title="Views" onClose={ignore}>
      <input aria-label="Name" />
      <button data-first>Save</button>
    </Dialog>,
  );
  expect(document.activeElement).toBe(screen.getByText("Save"));
  unmount();

  render(
    <Dialog title="Views" onClose={ignore}>
      <input aria-label="Name" />
      <button data-first disabled>
        Save
      </button>
    </Dialog>,
  );
  expect(document.activeElement).toBe(screen.getByLabelText("Name"));
});

it("focuses the content if there is no field, so that keys scroll it", () => {
  render(
    <Dialog title="Keys" onClose={ignore}>
      <p>Nothing to press.</p>
    </Dialog>,
  );
  expect(document.activeElement).toBe(screen.getByText("Nothing to press.").parentElement);
});

it("restores the focus when it closes", () => {
  addToPage("<button id='opener'>Open</button>");
  element("#opener").focus();
  const { unmount } = render(
    <Dialog title="Views" onClose={ignore}>
      <input aria-label="Name" />
    </Dialog>,
  );
  expect(document.activeElement).not.toBe(element("#opener"));
  unmount();
  expect(document.activeElement).toBe(element("#opener"));
});

it("focuses the nearest remaining field if the previously focused element was removed", () => {
  addToPage(
    "<button>Elsewhere</button><section><button id='near'>Near</button><p><button id='opener'>Open</button></p></section>",
  );
  element("#opener").focus();
  const { unmount } = render(
    <Dialog title="Views" onClose={ignore}>
      <input aria-label="Name" />
    </Dialog>,
  );
  element("section > p").remove();
  unmount();
  expect(document.activeElement).toBe(element("#near"));
});

it("closes with its button, with Escape and on a press outside, not on one inside", () => {
  const onClose = vi.fn();
  render(
    <Dialog title="Views" onClose={onClose}>
      <input aria-label="Name" />
    </Dialog>,
  );
  fireEvent.mouseDown(screen.getByLabelText("Name"));
  expect(onClose).not.toHaveBeenCalled();

  fireEvent.click(screen.getByLabelText("Close"));
  expect(onClose).toHaveBeenCalledTimes(1);
  // The browser reports a click on the backdrop as a click on the dialog.
  fireEvent.mouseDown(element("dialog"));
  expect(onClose).toHaveBeenCalledTimes(2);

  const cancel = new Event("cancel", { cancelable: true });
  fireEvent(element("dialog"), cancel);
  expect(onClose).toHaveBeenCalledTimes(3);
  // Otherwise the browser would close the dialog without `onClose`.
  expect(cancel.defaultPrevented).toBe(true);
});

it("closes only the top dialog on Escape", () => {
  const onCloseBelow = vi.fn();
  const onCloseTop = vi.fn();
  render(
    <Modal name={{ "aria-label": "below" }} className="" onClose={onCloseBelow}>
      <Modal name={{ "aria-label": "top" }} className="" onClose={onCloseTop}>
        <input aria-label="Name" />
      </Modal>
    </Modal>,
  );
  fireEvent(element("[aria-label=top]"), new Event("cancel", { cancelable: true }));
  expect(onCloseTop).toHaveBeenCalledOnce();
  expect(onCloseBelow).not.toHaveBeenCalled();
});
