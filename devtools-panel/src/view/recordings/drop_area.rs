//! Where files are dropped: the whole panel, and a page that has nothing else to show.

use web_sys::HtmlElement;

use super::open::open_button;
use crate::view::dom::{Listeners, Live, Told};
use crate::view::host::Host;

/// What lies over the panel while a file is held over it.
pub(crate) struct DropTarget(Live);

impl DropTarget {
    pub(crate) fn new(host: &Host) -> DropTarget {
        let text = host.make.text("strong", "", "Drop to open the recording");
        let target = host.make.element("div", "drop-target").with([&text]);
        target.set_hidden(true);
        DropTarget(Live::new(target))
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.0.element
    }

    /// Shows or hides it.
    pub(crate) fn show(&self, shown: bool) {
        self.0.show(shown);
    }
}

/// What is there where there is no runtime and no recording yet.
pub(crate) struct Welcome {
    element: Live,
    _listeners: Listeners,
}

impl Welcome {
    pub(crate) fn new(host: &Host) -> Welcome {
        let (make, mut listeners) = (&host.make, Listeners::default());
        let open = open_button(host, "open-large", "Open a file…", &mut listeners);
        let area = make.element("div", "welcome-area").with([
            &make.text("h1", "welcome-title", "Drop a recording here"),
            &make.text(
                "p",
                "",
                "A file that ends in .atelier: the panel’s Record button makes one, and so does runtime.record().",
            ),
            &open,
            &make.text("p", "welcome-small", "The file stays on this machine; nothing is sent anywhere."),
        ]);
        let element = Live::new(make.element("div", "welcome").with([&area]));
        Welcome { element, _listeners: listeners }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.element.element
    }

    /// Shows or hides it.
    pub(crate) fn show(&self, shown: bool) {
        self.element.show(shown);
    }
}
