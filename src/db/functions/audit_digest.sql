-- jsonb has one text for one value, whatever the order of fields. Of the time the seconds: its own text depends on the time zone.
create or replace function audit_digest(p_before bytea, p_seq bigint, e audit_event) returns bytea language sql stable as $$
  select sha256(coalesce(p_before, '\x') || int8send(p_seq) || convert_to(jsonb_build_array(e.org_id, e.id, extract(epoch from e.at), e.actor_kind, e.actor_id,
    e.actor_label, e.action, e.object_kind, e.object_id, e.object_label, e.outcome, e.request_id, e.address, e.data)::text, 'UTF8'))
$$;

revoke all on function audit_digest(bytea, bigint, audit_event) from public;
grant execute on function audit_digest(bytea, bigint, audit_event) to holdfast_g_worker;
