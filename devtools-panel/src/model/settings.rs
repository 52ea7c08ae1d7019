//! What a user can choose of the panel itself. The page keeps the choices; the panel shows them and tells new ones.

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub(crate) const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// What the page calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// What a user reads.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Theme::System => "As the system",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        }
    }

    /// The theme of a name; of one that is not known, the system's.
    fn from_name(name: &str) -> Theme {
        Theme::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or_default()
    }
}

/// What is chosen now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The colours.
    pub(crate) theme: Theme,
    /// Where the panel is: `bottom`, `right`, `left` or `window`.
    pub(crate) dock: String,
    /// What opens and closes it; empty for none.
    pub(crate) hotkey: String,
}

impl Settings {
    /// Takes a setting from the page. Says whether anything changed.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> bool {
        let before = self.clone();
        match name {
            "theme" => self.theme = Theme::from_name(value),
            "dock" => value.clone_into(&mut self.dock),
            "hotkey" => value.clone_into(&mut self.hotkey),
            _ => {}
        }
        *self != before
    }
}

/// What a user reads for a place of the panel.
pub(crate) fn dock_label(dock: &str) -> &str {
    match dock {
        "bottom" => "Bottom",
        "right" => "Right",
        "left" => "Left",
        "window" => "Own window",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_by_name() {
        let mut settings = Settings::default();
        assert!(
            settings.set("theme", "dark") && settings.set("dock", "left") && settings.set("hotkey", "F9")
        );
        assert!(!settings.set("theme", "dark"));
        assert!(!settings.set("tab", "timeline"), "a setting of somebody else");
        let (dock, hotkey) = ("left".to_owned(), "F9".to_owned());
        assert_eq!(settings, Settings { theme: Theme::Dark, dock, hotkey });
        assert!(settings.set("theme", "pink"));
        assert_eq!(settings.theme, Theme::System);
    }
}
