//! What the panel has to tell once: that a recording is there, that a file could not be opened.

/// How many problems are shown at most; the oldest goes.
const DEFAULT_PROBLEMS: usize = 3;

/// Something told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Something went wrong, or has to be known.
    Problem(String),
    /// A recording was made; the page has its file, by this number.
    Recorded {
        /// The file's number.
        file: u32,
        /// Its name, and what is in it.
        text: String,
    },
}

/// What was told and has not been dismissed, oldest first, each with a number of its own.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    list: Vec<(u64, Notice)>,
    told: u64,
}

impl Notices {
    /// Tells one. A file is told once, and never has to make room: it would be lost.
    pub(crate) fn tell(&mut self, notice: Notice) {
        if matches!(notice, Notice::Recorded { .. }) && self.list.iter().any(|(_, known)| *known == notice) {
            return;
        }
        let is_problem = |(_, notice): &(u64, Notice)| matches!(notice, Notice::Problem(_));
        self.told += 1;
        self.list.push((self.told, notice));
        if self.list.iter().filter(|entry| is_problem(entry)).count() > DEFAULT_PROBLEMS
            && let Some(oldest) = self.list.iter().position(is_problem)
        {
            self.list.remove(oldest);
        }
    }

    /// Takes one away. Gives the number of its file, if it has one.
    pub(crate) fn dismiss(&mut self, number: u64) -> Option<u32> {
        let place = self.list.iter().position(|(known, _)| *known == number)?;
        match self.list.remove(place).1 {
            Notice::Recorded { file, .. } => Some(file),
            Notice::Problem(_) => None,
        }
    }

    /// What there is, oldest first.
    pub(crate) fn list(&self) -> &[(u64, Notice)] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_make_room_and_files_do_not() {
        let mut notices = Notices::default();
        let file = Notice::Recorded { file: 7, text: "a.atelier".to_owned() };
        notices.tell(file.clone());
        notices.tell(file);
        (0..9).for_each(|n| notices.tell(Notice::Problem(n.to_string())));
        let texts: Vec<_> = notices.list().iter().map(|(_, notice)| notice.clone()).collect();
        assert_eq!(texts.len(), 1 + DEFAULT_PROBLEMS);
        assert_eq!(texts[DEFAULT_PROBLEMS], Notice::Problem("8".to_owned()));
        let (first, last) = (notices.list()[0].0, notices.list()[DEFAULT_PROBLEMS].0);
        assert_eq!(
            (notices.dismiss(first), notices.dismiss(first), notices.dismiss(last)),
            (Some(7), None, None)
        );
        assert_eq!(notices.list().len(), DEFAULT_PROBLEMS - 1);
    }
}
