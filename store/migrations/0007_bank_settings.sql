-- What the establishment decided of its bank, by name: the list of synonyms of the search.
create table bank_setting (
    name text primary key,
    value text not null,
    author_id text not null references person (id),
    updated_ms bigint not null
);
