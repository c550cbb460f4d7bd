-- The bank of several establishments: who shares what, the life of an entry, where it was used.

-- Establishments, and the colleges in them.
create table unit (
    id text primary key,
    parent_id text references unit (id),
    -- establishment, college
    kind text not null,
    name text not null unique,
    -- How many reviewers, its author apart, must agree before a question of its folders is validated.
    reviews bigint not null default 1,
    created_ms bigint not null
);
insert into unit (id, parent_id, kind, name, reviews, created_ms)
    values ('etablissement', null, 'establishment', 'Établissement', 1, 0);

create table unit_member (
    unit_id text not null references unit (id),
    person_id text not null references person (id),
    primary key (unit_id, person_id)
);
create index unit_member_person on unit_member (person_id);

-- Where entries are kept. A right given on a folder holds in all those below it.
create table folder (
    id text primary key,
    parent_id text references folder (id),
    unit_id text not null references unit (id),
    name text not null,
    created_ms bigint not null
);
create unique index folder_name on folder (coalesce(parent_id, ''), name);
insert into folder (id, parent_id, unit_id, name, created_ms)
    values ('commun', null, 'etablissement', 'Banque commune', 0);

create table folder_right (
    folder_id text not null references folder (id),
    -- everyone, unit, person
    to_kind text not null,
    -- Empty for everyone.
    to_id text not null,
    -- 1 read, 2 write, 3 review, 4 manage; each gives those before it
    level bigint not null,
    primary key (folder_id, to_kind, to_id)
);
insert into folder_right (folder_id, to_kind, to_id, level) values ('commun', 'everyone', '', 3);

-- Numbers the changes of the bank in the order of their commits: what follows it (an index) reads from there.
create table change_counter (
    name text primary key,
    value bigint not null
);
insert into change_counter (name, value) values ('bank', 1);

-- No reference to folder: SQLite adds no such column with a value.
alter table entry add column folder_id text not null default 'commun';
alter table entry add column language text not null default 'fr';
-- The newest revision that was validated; null while there is none, or once the entry is retired.
alter table entry add column usable bigint;
alter table entry add column changed bigint not null default 1;
alter table entry add column updated_ms bigint not null default 0;
update entry set updated_ms = (select v.created_ms from revision v where v.entry_id = entry.id and v.number = entry.latest);
update entry set usable = latest where status = 'validated';
create index entry_changed on entry (changed, id);
create index entry_folder on entry (folder_id);

-- What finds near-duplicates, and the codes of writing flaws (spaces between); both can be computed again.
alter table revision add column signature bytea;
alter table revision add column flaws text not null default '';

-- What people did with an entry, in order: decisions with their reasons, comments, moves. Never changed.
create table entry_event (
    id text primary key,
    entry_id text not null references entry (id),
    revision bigint not null,
    person_id text not null references person (id),
    at_ms bigint not null,
    -- submit, approve, send_back, validate, reopen, retire, restore, move, comment, resolve
    what text not null,
    -- Of a comment: stem, a proposition, a part…
    place text not null default '',
    body text not null default ''
);
create index entry_event_entry on entry_event (entry_id, at_ms);

-- What someone is writing and has not yet made a revision of.
create table working_copy (
    person_id text not null references person (id),
    -- An entry, or the id that a new one will have.
    entry_id text not null,
    folder_id text not null,
    -- The revision it started from; 0 for a new entry.
    base bigint not null,
    body text not null,
    updated_ms bigint not null,
    primary key (person_id, entry_id)
);

-- Frozen papers that hold an entry.
create table paper_use (
    entry_id text not null references entry (id),
    exam_id text not null references exam (id),
    -- The revision whose content is the paper's; null where the committee adapted it.
    revision bigint,
    frozen_ms bigint not null,
    -- Candidates who opened the section that holds it; null until the exam is marked.
    seen bigint,
    primary key (entry_id, exam_id)
);
create index paper_use_exam on paper_use (exam_id);

-- How each question of an entry did in an exam, at the version of the register that was published.
create table use_statistic (
    exam_id text not null references exam (id),
    entry_id text not null references entry (id),
    question_id text not null,
    version bigint not null,
    candidates bigint not null,
    -- Mean mark, 0 to 1; null where nobody answered or the question was neutralised.
    p double precision,
    -- Corrected item-total correlation, −1 to 1.
    r_rest double precision,
    d27 double precision,
    -- Codes of the flags, spaces between.
    flags text not null,
    primary key (exam_id, question_id)
);
create index use_statistic_entry on use_statistic (entry_id);

-- Entries that must not be together on a paper.
create table entry_enemy (
    entry_a text not null references entry (id),
    entry_b text not null references entry (id),
    reason text not null,
    person_id text not null references person (id),
    at_ms bigint not null,
    primary key (entry_a, entry_b)
);

-- Several entries changed at once, with what each was before.
create table bulk_operation (
    id text primary key,
    person_id text not null references person (id),
    at_ms bigint not null,
    -- move, tag, untag, or a transition of the workflow
    kind text not null,
    detail text not null,
    undone_ms bigint
);
create table bulk_line (
    operation_id text not null references bulk_operation (id),
    entry_id text not null references entry (id),
    before text not null,
    after text not null,
    primary key (operation_id, entry_id)
);

create table saved_search (
    person_id text not null references person (id),
    name text not null,
    query text not null,
    created_ms bigint not null,
    primary key (person_id, name)
);

-- The table of specification of an exam: JSON of the assembly's Blueprint.
create table blueprint (
    exam_id text primary key references exam (id),
    body text not null,
    author_id text not null references person (id),
    updated_ms bigint not null
);

-- A named person takes on themselves that a question already seen, or close to one, is on the paper.
create table hazard_override (
    exam_id text not null references exam (id),
    -- What the check found, by its stable key.
    hazard text not null,
    reason text not null,
    author_id text not null references person (id),
    at_ms bigint not null,
    primary key (exam_id, hazard)
);
