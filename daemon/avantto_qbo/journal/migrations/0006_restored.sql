-- Companies whose books must be read again before anything is written: the journal is older than the work done with it.
-- `since` is the journal's last moment, `noticed_at` when it was found out, `done_at` when writing began again.
create table restored (
    realm text primary key,
    since text not null,
    noticed_at text not null,
    begins_at text not null,
    entity text not null,
    position text not null,
    start integer not null,
    documents integer not null,
    linked text not null,
    done_at text
);

-- The last fence: no operation begins to be sent for a company whose books are still being read.
create trigger restored_sends_nothing
before update of state on operations
when new.state = 'sending'
begin
    select raise(abort, 'the journal was restored: nothing is sent until the books are read again')
    from restored
    where restored.realm = new.realm and restored.done_at is null;
end;
