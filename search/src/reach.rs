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
    /// The folders that a name stands for, those below included, even where the one that is named is out of reach.
    pub(crate) fn named(&self, name: &str) -> Vec<&str> {
        let wanted = tidy(self.shelves.iter().find(|s| s.id == name).map_or(name, |s| &s.path));
        let holds = |shelf: &&Shelf| {
            let names = tidy(&shelf.path);
            names.windows(wanted.len().max(1)).any(|some| some == wanted)
        };
        self.shelves.iter().filter(holds).map(|s| s.id.as_str()).collect()
    }

    /// The path of a folder; its identifier where it is not in reach.
    pub(crate) fn path<'a>(&'a self, id: &'a str) -> &'a str {
        self.shelves.iter().find(|s| s.id == id).map_or(id, |s| s.path.as_str())
    }
}

/// The names of a path, as they are compared.
fn tidy(path: &str) -> Vec<String> {
    fold(&clean(path)).split('/').map(|name| name.trim().to_owned()).collect()
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
        assert_eq!(reach.named("banque"), Vec::<&str>::new());
        let below = Reach { shelves: reach.shelves[2..3].to_vec(), everything: false };
        assert_eq!(below.named("Cardiologie"), ["c"]);
        assert_eq!(reach.named("cardiologie"), ["b", "c"]);
        assert_eq!(reach.named("cardiologie pediatrique"), ["d"]);
        assert!(reach.named("Néphrologie").is_empty());
        assert_eq!((reach.path("c"), reach.path("x")), ("Banque commune / Cardiologie / Rythme", "x"));
    }
}
