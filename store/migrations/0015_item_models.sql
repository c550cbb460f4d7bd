-- Item models: questions with slots, written by a teacher; what comes out of them goes through the queue of proposals.

create table item_model (
    id text primary key,
    folder_id text not null references folder (id),
    title text not null,
    -- Its newest version.
    latest bigint not null,
    created_ms bigint not null,
    changed_ms bigint not null,
    retired_ms bigint
);
create index item_model_folder on item_model (folder_id);

-- A version never changes: what was drawn says from which one.
create table item_model_version (
    model_id text not null references item_model (id),
    number bigint not null,
    -- JSON of the model.
    body text not null,
    author_id text not null references person (id),
    at_ms bigint not null,
    primary key (model_id, number)
);

-- Entries that came out of a model: people wrote it, so they are not born of an AI, and a person decided on each.
create table item_model_entry (
    entry_id text primary key references entry (id),
    decision_id text not null unique references ai_decision (accepted),
    model_id text not null,
    number bigint not null,
    foreign key (model_id, number) references item_model_version (model_id, number)
);
