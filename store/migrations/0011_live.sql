-- Clocks that stop, and who looks at them. `exam.live` moves whenever a clock of the exam does by an act of
-- someone in charge, `exam.roster` when its candidates change: whoever keeps them in memory looks at these.
alter table exam add column live bigint not null default 0;
alter table exam add column roster bigint not null default 0;
-- Minutes of extra time at once that a supervisor gives alone; null: any.
alter table exam add column approval_minutes bigint;
-- A second machine on a sheet: allow (the newest answers) or wait (for the supervisor).
alter table exam add column second_machine text not null default 'allow';

-- Breaks with the clock stopped, by right: how many (0: any number), minutes in all (0: none).
alter table candidate add column break_count bigint not null default 0;
alter table candidate add column break_minutes bigint not null default 0;

-- When a clock was, or is, stopped: each with its author and reason. The lists (JSON) on sitting, room_clock
-- and attempt follow this table in the same transaction.
create table clock_stop (
    id text primary key,
    exam_id text not null references exam (id),
    section_id text not null,
    site_id text not null references site (id),
    -- null: the whole site
    room text,
    -- null: everyone there
    attempt_id text references attempt (id),
    cause text not null,
    from_ms bigint not null,
    to_ms bigint,
    reason text not null,
    author_id text references person (id),
    ended_by text references person (id)
);
create index clock_stop_exam on clock_stop (exam_id, section_id);

alter table sitting add column stops text not null default '[]';
create table room_clock (
    exam_id text not null references exam (id),
    site_id text not null references site (id),
    section_id text not null,
    room text not null,
    compensation_ms bigint not null default 0,
    stops text not null default '[]',
    primary key (exam_id, site_id, section_id, room)
);

-- The room is the candidate's until they open their sheet; then it stays, as the site does.
alter table attempt add column room text not null default '';
update attempt set room = coalesce((select c.room from candidate c where c.exam_id = attempt.exam_id and c.person_id = attempt.person_id), '');
alter table attempt add column stops text not null default '[]';
-- exam.live as it was when someone in charge last changed this sheet.
alter table attempt add column changed bigint not null default 0;
-- The sign-in session whose page answers, and another one seen on the same sheet, until someone decides.
alter table attempt add column session text not null default '';
alter table attempt add column rival text not null default '';
alter table attempt add column rival_newer bigint not null default 0;

-- Time for a room, and time that waits for the committee.
alter table time_grant add column room text;
alter table time_grant add column status text not null default 'given';
alter table time_grant add column decided_by text references person (id);
alter table time_grant add column decided_ms bigint;

-- A supervisor with rows here sees and acts on these sites only.
create table supervisor_site (
    exam_id text not null references exam (id),
    person_id text not null references person (id),
    site_id text not null references site (id),
    primary key (exam_id, person_id, site_id)
);

-- One-time codes that move a candidate to another machine.
create table move_code (
    code_hash text primary key,
    exam_id text not null references exam (id),
    person_id text not null references person (id),
    author_id text not null references person (id),
    created_ms bigint not null,
    expires_ms bigint not null,
    used_ms bigint
);
create index move_code_person on move_code (person_id);

-- From which session and browser each page of a sheet was opened.
create table page_opening (
    attempt_id text not null references attempt (id),
    stream bigint not null,
    session text not null,
    agent text not null,
    at_ms bigint not null,
    primary key (attempt_id, stream)
);

create table room_message (
    id text primary key,
    exam_id text not null references exam (id),
    section_id text not null,
    site_id text references site (id),
    room text,
    attempt_id text references attempt (id),
    body text not null,
    author_id text not null references person (id),
    at_ms bigint not null
);
create index room_message_exam on room_message (exam_id, section_id);

-- When the server had no news of a candidate who composed.
create table offline_span (
    attempt_id text not null references attempt (id),
    from_ms bigint not null,
    to_ms bigint not null,
    primary key (attempt_id, from_ms)
);

-- What each process knows of who is there, for the others: derived, may be lost.
create table presence (
    process text not null,
    exam_id text not null references exam (id),
    at_ms bigint not null,
    body text not null,
    primary key (process, exam_id)
);

-- Few rows: what a supervisor's list reads again and again.
create index step_late on step (exam_id, attempt_id) where verdict = 'late' and kind = 'answer';
