//! Laws: what is written reads back to the same value, and nothing a reader types breaks a
//! parser.

use proptest::prelude::*;
use r2c_referential::{
    EcnNumber, ItemNumber, ObjectiveCode, RESERVED_SLUGS, Rank, SituationNumber, Slug, Tag, fold, items, search_items,
};

fn item_number() -> impl Strategy<Value = ItemNumber> {
    (1u16..=367).prop_filter_map("in the list", |n| ItemNumber::new(n).ok())
}

fn objective() -> impl Strategy<Value = ObjectiveCode> {
    (item_number(), 1u8..=99, prop_oneof![Just(Rank::A), Just(Rank::B)])
        .prop_filter_map("in bounds", |(item, ordinal, rank)| ObjectiveCode::new(item, ordinal, rank).ok())
}

fn slug() -> impl Strategy<Value = Slug> {
    "[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,3}".prop_filter_map("a slug", |text| text.parse().ok())
}

fn tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        item_number().prop_map(Tag::Item),
        (1u16..=356).prop_filter_map("in the list", |n| SituationNumber::new(n).ok()).prop_map(Tag::Situation),
        objective().prop_map(Tag::Objective),
        slug().prop_map(Tag::Specialty),
        slug().prop_map(Tag::Unit),
        (1u16..=362).prop_filter_map("in the list", |n| EcnNumber::new(n).ok()).prop_map(Tag::EcnItem),
        (slug(), "[a-z0-9.-]{1,20}").prop_filter_map("a code", |(referential, code)| {
            let free = !RESERVED_SLUGS.contains(&referential.as_str());
            free.then(|| Some(Tag::Other { referential, code: code.parse().ok()? })).flatten()
        }),
    ]
}

proptest! {
    #[test]
    fn objective_codes_round_trip(code in objective()) {
        let text = code.to_string();
        prop_assert_eq!(text.len(), "OIC-031-11-B".len());
        prop_assert_eq!(text.parse(), Ok(code));
        let json = serde_json::to_string(&code).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(serde_json::from_str::<ObjectiveCode>(&json).ok(), Some(code));
    }

    #[test]
    fn tags_round_trip(tag in tag()) {
        prop_assert_eq!(tag.to_string().parse(), Ok(tag.clone()));
        prop_assert_eq!(tag.to_string().to_lowercase().parse(), Ok(tag.clone()));
        let json = serde_json::to_string(&tag).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(serde_json::from_str::<Tag>(&json).ok(), Some(tag));
    }

    #[test]
    fn order_of_codes_is_order_of_text(a in objective(), b in objective()) {
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}", prefix in "(R2C:|R2C:SDD:|OIC-|spec:|UE:)?") {
        let _ = text.parse::<ObjectiveCode>();
        if let Ok(tag) = format!("{prefix}{text}").parse::<Tag>() {
            prop_assert_eq!(tag.to_string().parse(), Ok(tag));
        }
        let _ = search_items(&text);
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn a_title_finds_its_item(index in 0usize..367) {
        let item = &items()[index];
        prop_assert!(search_items(item.title).contains(&item));
    }
}
