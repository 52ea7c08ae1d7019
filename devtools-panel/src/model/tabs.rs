//! Which panes there are, by name, and which one is in front.

/// The tabs, in their order. There is always one in front.
#[derive(Clone, Debug)]
pub(crate) struct Tabs {
    names: Vec<&'static str>,
    front: usize,
}

impl Tabs {
    /// Tabs with the first one in front.
    pub(crate) fn new(names: Vec<&'static str>) -> Tabs {
        Tabs { names, front: 0 }
    }

    /// The place of the tab in front.
    pub(crate) fn front(&self) -> usize {
        self.front
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.names.get(self.front).copied().unwrap_or_default()
    }

    /// Brings a tab to front, by its place.
    pub(crate) fn choose(&mut self, place: usize) {
        if place < self.names.len() {
            self.front = place;
        }
    }

    /// Brings a tab to front, by its name; a name that there is not changes nothing.
    pub(crate) fn choose_name(&mut self, name: &str) {
        if let Some(place) = self.names.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            self.front = place;
        }
    }

    /// The place that a key on the tabs leads to: arrows go around the ends.
    pub(crate) fn after_key(&self, key: &str) -> Option<usize> {
        let last = self.names.len().checked_sub(1)?;
        match key {
            "ArrowRight" => Some(if self.front >= last { 0 } else { self.front + 1 }),
            "ArrowLeft" => Some(self.front.checked_sub(1).unwrap_or(last)),
            "Home" => Some(0),
            "End" => Some(last),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_around_the_ends() {
        let mut tabs = Tabs::new(vec!["Tasks", "Timeline", "Delivery"]);
        let mut after = |key| {
            tabs.choose(tabs.after_key(key).unwrap());
            tabs.name()
        };
        assert_eq!(
            ["ArrowLeft", "ArrowRight", "ArrowRight"].map(&mut after),
            ["Delivery", "Tasks", "Timeline"]
        );
        assert_eq!(["End", "Home"].map(&mut after), ["Delivery", "Tasks"]);
        assert_eq!(tabs.after_key("x"), None);
    }

    #[test]
    fn a_tab_that_there_is_not_changes_nothing() {
        let mut tabs = Tabs::new(vec!["Tasks", "Timeline"]);
        tabs.choose_name("timeline");
        tabs.choose_name("Latency");
        tabs.choose(7);
        assert_eq!((tabs.front(), tabs.name()), (1, "Timeline"));
        assert_eq!(Tabs::new(Vec::new()).after_key("End"), None);
    }
}
