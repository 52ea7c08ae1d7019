//! The panes, one file (or folder) each. A new one is a file here, a file in the model, and a line in [`PANES`].

mod delivery;
mod events;
mod findings;
mod latency;
mod tasks;
mod timeline;
mod traces;

use super::host::{Host, Pane};

/// A pane that there is.
pub(crate) struct PaneKind {
    /// What its tab is called.
    pub(crate) name: &'static str,
    /// Makes it.
    pub(crate) new: fn(&Host) -> Box<dyn Pane>,
    /// Its style sheet, if it has rules of its own.
    pub(crate) style: &'static str,
}

/// Every pane, in the order of the tabs.
pub(crate) const PANES: [PaneKind; 7] = [
    PaneKind { name: "Tasks", new: |host| Box::new(tasks::TasksPane::new(host)), style: tasks::STYLE },
    PaneKind {
        name: "Timeline",
        new: |host| Box::new(timeline::TimelinePane::new(host)),
        style: timeline::STYLE,
    },
    PaneKind {
        name: "Latency",
        new: |host| Box::new(latency::LatencyPane::new(host)),
        style: latency::STYLE,
    },
    PaneKind { name: "Traces", new: |host| Box::new(traces::TracesPane::new(host)), style: traces::STYLE },
    PaneKind { name: "Events", new: |host| Box::new(events::EventsPane::new(host)), style: events::STYLE },
    PaneKind {
        name: "Findings",
        new: |host| Box::new(findings::FindingsPane::new(host)),
        style: findings::STYLE,
    },
    PaneKind {
        name: "Delivery",
        new: |host| Box::new(delivery::DeliveryPane::new(host)),
        style: delivery::STYLE,
    },
];
