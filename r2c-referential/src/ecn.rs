//! The list before the R2C (programme of the ECN, 2013), and what became of its items.

use std::sync::LazyLock;

use serde::Serialize;

use crate::numbers::{EcnNumber, ItemNumber};

/// An item of the older list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EcnItem {
    /// Its number there, 1 to 362.
    pub number: EcnNumber,
    /// Its title there, in French.
    pub title: &'static str,
    /// The R2C item that took it over; two items have none.
    pub successor: Option<ItemNumber>,
}

static ITEMS: LazyLock<Vec<EcnItem>> =
    LazyLock::new(|| read().unwrap_or_else(|line| unreachable!("data/ecn_items.tsv, line {line}: tests read it")));

/// The records, or the line that cannot be read.
fn read() -> Result<Vec<EcnItem>, usize> {
    let lines = include_str!("../data/ecn_items.tsv").lines().enumerate();
    let mut items = Vec::with_capacity(usize::from(EcnNumber::LAST.get()));
    for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let item = || {
            let mut fields = line.split('\t');
            let (number, title, successor) = (fields.next()?, fields.next()?, fields.next()?);
            let successor = if successor == "-" { None } else { Some(successor.parse().ok()?) };
            fields.next().is_none().then_some(())?;
            Some(EcnItem { number: number.parse().ok()?, title, successor })
        };
        let item = item().filter(|item| usize::from(item.number.get()) == items.len() + 1).ok_or(index + 1)?;
        items.push(item);
    }
    if items.len() == usize::from(EcnNumber::LAST.get()) { Ok(items) } else { Err(0) }
}

/// The 362 items of the older list, in order of number.
#[must_use]
pub fn ecn_items() -> &'static [EcnItem] {
    &ITEMS
}

/// One item of the older list. An [`EcnNumber`] always names one.
#[must_use]
pub fn ecn_item(number: EcnNumber) -> &'static EcnItem {
    &ITEMS[usize::from(number.get()) - 1]
}

/// The older items that an R2C item took over, in order of number; none for a new one.
pub fn ecn_items_of(item: ItemNumber) -> impl Iterator<Item = &'static EcnItem> {
    ITEMS.iter().filter(move |older| older.successor == Some(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_list_reads() {
        assert_eq!(read().map(|items| items.len()), Ok(362));
        let gone: Vec<u16> = ecn_items().iter().filter(|i| i.successor.is_none()).map(|i| i.number.get()).collect();
        assert_eq!(gone, [127, 217]);
        let merged: Vec<u16> =
            ItemNumber::new(20).map(|item| ecn_items_of(item).map(|i| i.number.get()).collect()).unwrap_or_default();
        assert_eq!(merged, [14, 18, 20]);
    }
}
