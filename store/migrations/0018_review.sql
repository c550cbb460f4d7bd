-- How many people answer for what a machine wrote, what is counted of it, and what went wrong afterwards.

-- What is counted of a proposal, apart from its long text; and how many people its acceptance takes.
create table ai_fact (
    proposal_id text primary key references ai_proposal (id),
    function text not null,
    folder_id text not null references folder (id),
    -- Of the provenance; empty until it was read.
    provider text not null,
    model text not null,
    prompt_tokens bigint not null,
    completion_tokens bigint not null,
    unsupported bigint not null,
    -- 1: the answering pass disagreed.
    disagreed bigint not null,
    created_ms bigint not null,
    -- People whose agreement makes it a question of the bank, as the establishment of its folder asks.
    people bigint not null check (people in (1, 2)),
    -- Both in one text: what a decision points at to say how many it took.
    gate text not null unique check (gate = proposal_id || '/' || people),
    -- Whom it was given to.
    assigned_to text references person (id),
    assigned_ms bigint
);
create index ai_fact_function on ai_fact (function, created_ms);

insert into ai_fact (proposal_id, function, folder_id, provider, model, prompt_tokens, completion_tokens, unsupported,
    disagreed, created_ms, people, gate)
select id, function, folder_id, '', '', 0, 0, unsupported, 0, created_ms, 1, id || '/1' from ai_proposal;

-- The agreement of a first person where two are asked for: it lets nothing be by itself. Never changed.
create table ai_opinion (
    id text primary key,
    proposal_id text not null references ai_proposal (id),
    reviewer_id text not null references person (id),
    verdict text not null check (verdict in ('accept', 'amend')),
    remark text not null,
    -- JSON of the draft as amended; null where it was not.
    amended text,
    at_ms bigint not null,
    -- Both in one text: what a decision points at. One opinion a person.
    seal text not null unique check (seal = proposal_id || '/' || reviewer_id)
);
create index ai_opinion_proposal on ai_opinion (proposal_id);

-- A decision that lets a revision be says how many people it took, and who the first was: someone else.
alter table ai_decision add column people bigint not null default 1;
alter table ai_decision add column gate text references ai_fact (gate);
alter table ai_decision add column seconded text references ai_opinion (seal);
alter table ai_decision add column first_by text;
alter table ai_decision add column sealed text check (sealed is null or (
    sealed = id and accepted is not null and accepted = id
    and gate is not null and gate = proposal_id || '/' || people
    and (people = 1 or (seconded is not null and first_by is not null
        and seconded = proposal_id || '/' || first_by and first_by <> reviewer_id))));
update ai_decision set gate = proposal_id || '/1', sealed = id where accepted is not null;
create unique index ai_decision_sealed on ai_decision (sealed);
create index ai_decision_reviewer on ai_decision (reviewer_id, at_ms);

-- And a revision born of a machine points at such a decision. The last column is there for its condition: SQLite adds
-- none to a column that exists.
alter table revision add column ai_sealed text references ai_decision (sealed);
update revision set ai_sealed = ai_decision where born = 'ai';
alter table revision add column ai_guard bigint not null default 0
    check ((born = 'ai') = (ai_sealed is not null) and (ai_sealed is null or ai_sealed = ai_decision));

-- So does a comment born of a machine.
alter table pattern_comment add column ai_sealed text references ai_decision (sealed);
update pattern_comment set ai_sealed = ai_decision where born = 'ai';
alter table pattern_comment add column ai_guard bigint not null default 0
    check ((born = 'ai') = (ai_sealed is not null) and (ai_sealed is null or ai_sealed = ai_decision));

-- What people say went wrong, and what the committee answers.
create table ai_incident (
    id text primary key,
    proposal_id text references ai_proposal (id),
    entry_id text references entry (id),
    kind text not null,
    body text not null check (length(trim(body)) > 0),
    person_id text not null references person (id),
    at_ms bigint not null,
    check (proposal_id is not null or entry_id is not null)
);
create index ai_incident_at on ai_incident (at_ms);
create table ai_incident_answer (
    id text primary key,
    incident_id text not null references ai_incident (id),
    body text not null check (length(trim(body)) > 0),
    -- 1: nothing more is to be done.
    closes bigint not null,
    person_id text not null references person (id),
    at_ms bigint not null
);
create index ai_incident_answer_of on ai_incident_answer (incident_id, at_ms);
