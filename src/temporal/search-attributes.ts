import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, type SearchAttribute } from '../catalog/search-attributes.ts';

const KEYS = new Map(
  SEARCH_ATTRIBUTES.map((name) => [name, defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)] as const),
);

/** Typed search attributes from the values that are there. */
export function searchAttributes(values: Partial<Record<SearchAttribute, string | null>>): TypedSearchAttributes {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [{ key: KEYS.get(name as SearchAttribute)!, value }],
  );
  return new TypedSearchAttributes(pairs);
}
