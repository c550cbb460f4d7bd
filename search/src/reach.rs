//! The folders that someone may look into: what is filed elsewhere is neither found nor counted.
//!
//! A document holds the identifier of its folder, which does not change; its name may. Names are read when a line is:
//! `dossier:` takes an identifier, a whole path (`Banque commune / Cardiologie`) or the name of a folder, and holds the
//! folders below too.

use crate::analysis::fold;
use crate::query::clean;

/// A folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shelf {
    /// Its identifier.
    pub id: String,
    /// Its names from the root, parted by [`BETWEEN`].
    pub path: String,
}

/// Between the names of a path.
pub const BETWEEN: &str = " / ";

/// The folders in reach.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// Each of them.
    pub shelves: Vec<Shelf>,
    /// Is there no other folder? Searches then need not look at folders at all.
    pub everything: bool,
}

impl Reach {
    /// The folders that a name stands for, those below included.
    pub(crate) fn named(&self, name: &str) -> Vec<&str> {
        let wanted = tidy(name);
        let paths: Vec<(&str, String)> = self.shelves.iter().map(|s| (s.id.as_str(), tidy(&s.path))).collect();
        let is = |shelf: &Shelf, path: &str| {
            shelf.id == name || path == wanted || path.rsplit_once(BETWEEN).is_some_and(|(_, last)| last == wanted)
        };
        let heads: Vec<&str> =
            self.shelves.iter().zip(&paths).filter(|(s, (_, p))| is(s, p)).map(|(_, (_, p))| p.as_str()).collect();
        let below = |path: &str, head: &str| {
            path == head || path.strip_prefix(head).is_some_and(|rest| rest.starts_with(BETWEEN))
        };
        paths.iter().filter(|(_, p)| heads.iter().any(|head| below(p, head))).map(|(id, _)| *id).collect()
    }

    /// The path of a folder; its identifier where it is not in reach.
    pub(crate) fn path<'a>(&'a self, id: &'a str) -> &'a str {
        self.shelves.iter().find(|s| s.id == id).map_or(id, |s| s.path.as_str())
    }
}

/// A path as it is compared: folded, one space on each side of each bar.
fn tidy(path: &str) -> String {
    let folded = fold(&clean(path));
    folded.split('/').map(str::trim).collect::<Vec<_>>().join(BETWEEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_in_several_ways() {
        let shelf = |id: &str, path: &str| Shelf { id: id.to_owned(), path: path.to_owned() };
        let reach = Reach {
            shelves: vec![
                shelf("a", "Banque commune"),
                shelf("b", "Banque commune / Cardiologie"),
                shelf("c", "Banque commune / Cardiologie / Rythme"),
                shelf("d", "Cardiologie pédiatrique"),
            ],
            everything: false,
        };
        assert_eq!(reach.named("a"), ["a", "b", "c"]);
        assert_eq!(reach.named("banque commune/cardiologie"), ["b", "c"]);
        assert_eq!(reach.named("cardiologie"), ["b", "c"]);
        assert_eq!(reach.named("cardiologie pediatrique"), ["d"]);
        assert!(reach.named("Néphrologie").is_empty());
        assert_eq!((reach.path("c"), reach.path("x")), ("Banque commune / Cardiologie / Rythme", "x"));
    }
}
