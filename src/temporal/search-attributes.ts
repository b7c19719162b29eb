import { defineSearchAttributeKey, type SearchAttributePair, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, type SearchAttribute } from '../catalog/search-attributes.ts';

/** Typed search attributes from the values that are there. */
export function searchAttributes(values: Partial<Record<SearchAttribute, string | null>>): TypedSearchAttributes {
  const pairs = Object.entries(values).flatMap(([name, value]): SearchAttributePair[] => {
    if (value === null || value === undefined) return [];
    return SEARCH_ATTRIBUTES[name as SearchAttribute] === 'KEYWORD_LIST'
      ? [{ key: defineSearchAttributeKey(name, 'KEYWORD_LIST'), value: [value] }]
      : [{ key: defineSearchAttributeKey(name, 'KEYWORD'), value }];
  });
  return new TypedSearchAttributes(pairs);
}
