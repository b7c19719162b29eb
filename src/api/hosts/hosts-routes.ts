import { readRoutes } from '../core/noun.ts';
import type { Routes } from '../core/parts.ts';
import { HOST } from './host-schema.ts';

export const hostRoutes: Routes = async (app, parts) => readRoutes(app, parts, HOST);
