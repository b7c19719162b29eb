// Made by tools/openapi-client from docs/openapi.json; not to be edited.
// long: one type for each schema and each operation
// sha256 of the document: cdb4ed96e5f526108f6ed1de7a412bfdeb9908af1169c4b09c4c509246f56200
// sha256 of what follows: 7624061a0f9c00d08ece53786ba74a150b5af65472af197087a43edd9fb789b7

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where to go from here; a page for browsers */
        get: operations["getRoot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where to go from here; a page for browsers */
        get: operations["getStart"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I, and what may I do? */
        get: operations["getAuthMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hosts, newest first */
        get: operations["listHosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hosts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One host */
        get: operations["getHost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/job-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be done */
        get: operations["listJobKinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Jobs, newest first */
        get: operations["listJobs"];
        put?: never;
        /**
         * Start a job
         * @description Answers at once: the job is queued, or waits and says for whom.
         */
        post: operations["createJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job
         * @description A waiting job ends at once; a running one is told, and ends when its process is gone.
         */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/engine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The run of a job in Temporal */
        get: operations["getJobEngine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The log of a job */
        get: operations["listJobLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/logs/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole log of a job, as it is now
         * @description An answer that breaks off was cut by the server: it did not get to the end. That happens to who takes nothing for a minute, and within seconds to who may no longer read it.
         */
        get: operations["getJobLogsDownload"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job as it happens: state, progress and log
         * @description Events, in this order: `hello`, `job` (the job as it is now), then `line`, `gap` (lines that were dropped), `progress`
         *     (at most two a second) and `state` (the row changed; the higher `version` wins) as they come, and at last `end` exactly once, after the last
         *     line, also when the job had ended before (an agent that was cut off and is back brings the rest first; `state` tells the end then). Then the stream ends. Every event that moves on in the log has an `id`; a reader that was cut off
         *     sends the last one as `Last-Event-ID` and goes on with the next line, also over attempts. `reset`: it cannot be gone on from there, all lines
         *     come again. `closed`: the server ends the stream; `restarting` and `unavailable` are
         *     worth another try, other codes are not. A comment comes each 15 s. A reader
         *     that does not take what comes is cut off at 1 MiB. With the id of `end` the answer is 204.
         */
        get: operations["getJobStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenapiJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Plans, newest first */
        get: operations["listPlans"];
        put?: never;
        /** Say which folders of a host go into which repository */
        post: operations["createPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One plan */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        /**
         * Remove a plan
         * @description Refused while a job of it has not ended. Its jobs, their logs and the audit stay, and so do its snapshots in the repository.
         */
        delete: operations["removePlan"];
        options?: never;
        head?: never;
        /**
         * Change the name, the paths or the excludes of a plan
         * @description A backup that runs goes on with what it began with; one that waits takes the plan as it is then.
         */
        patch: operations["changePlan"];
        trace?: never;
    };
    "/api/v1/repositories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Repositories, newest first */
        get: operations["listRepositories"];
        put?: never;
        /** Register a repository; nothing is written to its storage yet */
        post: operations["createRepository"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One repository */
        get: operations["getRepository"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change how many jobs run against a repository at once
         * @description With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.
         */
        patch: operations["changeRepository"];
        trace?: never;
    };
    "/api/v1/repositories/{id}/address": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Correct where a repository lies
         * @description Nothing is moved. The password stays, and so does what is known of the repository: another one at the new address is refused by the next job. Refused while jobs that use it run or wait.
         */
        put: operations["setRepositoryAddress"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/repositories/{id}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set the password that the repository is opened with */
        put: operations["setRepositoryCredentials"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sites, newest first */
        get: operations["listSites"];
        put?: never;
        /** Make a site */
        post: operations["createSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One site */
        get: operations["getSite"];
        put?: never;
        post?: never;
        /** Remove a site that never had a host */
        delete: operations["removeSite"];
        options?: never;
        head?: never;
        /**
         * Change the name of a site, or how many jobs run there at once
         * @description With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.
         */
        patch: operations["changeSite"];
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does the process live? */
        get: operations["getHealthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All codes of problems */
        get: operations["listProblems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a code means and what to do */
        get: operations["getProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Can it serve? Without Temporal it can: jobs are taken and wait. */
        get: operations["getReadyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the one-time link leads */
        get: operations["getSetup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Allowed
         * @description By action: true, or why not.
         */
        Allowed: {
            [key: string]: true | string;
        };
        /** CancelJob */
        CancelJob: {
            /** @description Why; shown with the job and in the audit. */
            reason?: string;
        } | null;
        /**
         * ChangePlan
         * @description What is left out stays as it is; a list replaces the one before.
         */
        ChangePlan: {
            /** @description Patterns as restic takes them; the last that fits counts, "!" in front takes back. What restic would never match ("~/x", "$HOME/x", "./x", a blank at an end) or cannot read ("[") is refused. */
            excludes?: string[];
            /** @description One line; does not start with a space or "-". */
            name?: string;
            /** @description Absolute paths on the host, without line breaks and "..", each at most 4095 bytes; 512 KiB together with the excludes. */
            paths?: string[];
        };
        /** ChangeRepository */
        ChangeRepository: {
            /** @description How many jobs run against it at once. Null: no cap of its own, so 10 as for every other. */
            maxJobs: number | null;
        };
        /** ChangeSite */
        ChangeSite: {
            /** @description How many jobs of its hosts run at once. Null: no cap. */
            maxJobs?: number | null;
            /** @description One line; does not start with a space or "-". */
            name?: string;
        };
        /** CreatedRepository */
        CreatedRepository: {
            backend: string;
            /** Format: date-time */
            createdAt: string;
            hasPassword: boolean;
            id: string;
            maxJobs: number | null;
            name: string;
            password: string | null;
            passwordNote: string | null;
            readyAt: string | null;
            resticId: string | null;
            /** @description How many snapshots jobs made in it. */
            snapshotsKnown: number;
            /** @description What was last learned of it: unknown, uninitialised, missing (it was ready before and is not found any more), ready, locked, wrong-password, unreachable, damaged. */
            state: string;
            stateAt: string | null;
            url: string;
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
        };
        /** CreateJob */
        CreateJob: {
            /**
             * @description `refuse`: answer 409 rather than wait behind another job.
             * @enum {unknown}
             */
            ifBusy?: "queue" | "refuse";
            /** @description One of GET /job-kinds. */
            kind: string;
            /** @description As the kind declares them. */
            params?: {
                [key: string]: unknown;
            };
            /** @description Left out when the plan names the host. */
            target?: {
                hostId?: string;
            };
        };
        /** CreatePlan */
        CreatePlan: {
            /** @description Patterns as restic takes them; the last that fits counts, "!" in front takes back. What restic would never match ("~/x", "$HOME/x", "./x", a blank at an end) or cannot read ("[") is refused. */
            excludes?: string[];
            hostId: string;
            /** @description One line; does not start with a space or "-". */
            name: string;
            /** @description Absolute paths on the host, without line breaks and "..", each at most 4095 bytes; 512 KiB together with the excludes. */
            paths: string[];
            repositoryId: string;
        };
        /** CreateRepository */
        CreateRepository: {
            /** @description How many jobs run against it at once. Null: no cap of its own, so 10 as for every other. */
            maxJobs?: number | null;
            /** @description One line; does not start with a space or "-". */
            name: string;
            /** @description Used byte for byte, kept sealed and never shown again. Any length, because repositories that were made elsewhere have it; no line break and no NUL. */
            password?: string;
            /** @description An absolute path, rest:https://..., sftp:user@host:/path or s3:https://host/bucket. Holds no password. */
            url: string;
        };
        /** CreateSite */
        CreateSite: {
            /** @description How many jobs of its hosts run at once. Null: no cap. */
            maxJobs?: number | null;
            /** @description One line; does not start with a space or "-". */
            name: string;
        };
        /** Health */
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        /** Host */
        Host: {
            activities: string[];
            agentVersion: string | null;
            allowed: components["schemas"]["Allowed"];
            arch: string | null;
            /** Format: date-time */
            createdAt: string;
            hostname: string | null;
            id: string;
            lastSeenAt: string | null;
            name: string;
            nextAction: ("start-agent" | "look-at-agent") | null;
            online: boolean;
            os: string | null;
            powers: string[];
            programs: {
                name: string;
                path: string;
                version: string;
            }[];
            site: {
                id: string;
                name: string;
            };
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
        };
        /** HostPage */
        HostPage: {
            items: components["schemas"]["Host"][];
            nextCursor: string | null;
        };
        /** Job */
        Job: {
            actor: {
                kind: string;
                label: string;
            };
            allowed: components["schemas"]["Allowed"];
            attempts: number;
            behindJobId: string | null;
            cancelActor: string | null;
            cancelReason: string | null;
            cancelRequestedAt: string | null;
            host: {
                id: string;
                name: string;
            } | null;
            id: string;
            kind: string;
            nextAction: ("wait" | "read-log" | "look-at-host") | null;
            outcome: components["schemas"]["JobOutcome"] | null;
            params: {
                [key: string]: unknown;
            };
            planId: string | null;
            progress: {
                [key: string]: unknown;
            } | null;
            progressAt: string | null;
            queuePosition: number | null;
            reason: string | null;
            repositoryId: string | null;
            requestId: string;
            run: number;
            state: components["schemas"]["JobState"];
            stopsBy: string | null;
            times: {
                /** Format: date-time */
                acceptedAt: string;
                finishedAt: string | null;
                queuedAt: string | null;
                /** Format: date-time */
                queueDeadlineAt: string;
                startedAt: string | null;
            };
            title: string;
            trigger: string;
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
            waitsFor: string | null;
        };
        /** JobEngine */
        JobEngine: {
            namespace: string;
            runId: string | null;
            /** @description What Temporal says of the run; `UNKNOWN_RUN` when it has none, `UNAVAILABLE` when it does not answer. */
            status: string;
            url: string | null;
            workflowId: string;
        };
        /** JobFailure */
        JobFailure: {
            code: string;
            item: string;
            message: string;
        };
        /** JobKind */
        JobKind: {
            description: string;
            key: string;
            limits: {
                heartbeatTimeoutMs: number;
                queueDeadlineMs: number;
                runTimeoutMs: number;
            };
            /** @description JSON Schema of `params` in POST /jobs. */
            params: {
                [key: string]: unknown;
            };
            permission: string;
            /** @description What the job is about: `host`, `host-optional`, something named in `params` that says which host (`plan`), or something of a host that is the target (`repository-on-host`). */
            target: string;
            title: string;
        };
        /** JobKinds */
        JobKinds: {
            items: components["schemas"]["JobKind"][];
        };
        /** JobOutcome */
        JobOutcome: {
            /** @description Stable; programs go by this. */
            code: string;
            counts: {
                [key: string]: number;
            };
            /** @description How many in all; `failures` holds the first 100. */
            failureCount: number;
            failures: components["schemas"]["JobFailure"][];
            /** @description What to do about it; empty when nothing is to be done. */
            next: string;
            refs: {
                [key: string]: string;
            };
            /** @description Why it ended so. */
            sentence: string;
        };
        /** JobPage */
        JobPage: {
            items: components["schemas"]["Job"][];
            nextCursor: string | null;
        };
        /**
         * JobState
         * @enum {string}
         */
        JobState: "waiting" | "queued" | "running" | "paused" | "cancelling" | "succeeded" | "partial" | "failed" | "cancelled" | "timed_out" | "unknown";
        /**
         * JobStream
         * @description The `data` of each event is JSON; here under the name of its event.
         */
        JobStream: {
            closed?: {
                code: string;
                detail: string;
            };
            end?: {
                job: components["schemas"]["SharedJob"];
                /** @description False: a host that was cut off may still bring lines; read them as pages. */
                logComplete: boolean;
            };
            gap?: components["schemas"]["LogGap"];
            hello?: {
                build: {
                    commit: string | null;
                    version: string;
                };
                /** Format: date-time */
                serverTime: string;
                /** @description The stream shows at least what events before this place say. Opaque. */
                watermark: string;
            };
            job?: components["schemas"]["Job"];
            line?: components["schemas"]["LogLine"];
            progress?: {
                progress: unknown;
                /** Format: date-time */
                progressAt: string;
                /** @description Raised by each change of the row; the higher one is the newer. */
                version: number;
            };
            reset?: {
                reason: string;
            };
            state?: components["schemas"]["SharedJob"];
        };
        /**
         * LogGap
         * @description So many lines were dropped here: the attempt said more than it may, or their day is gone.
         */
        LogGap: {
            attempt: number;
            fromSeq: number;
            lines: number;
            run: number;
            toSeq: number;
        };
        /** LogLine */
        LogLine: {
            /** Format: date-time */
            at: string;
            attempt: number;
            run: number;
            seq: number;
            /** @enum {unknown} */
            stream: "out" | "err" | "sys";
            text: string;
        };
        /** LogPage */
        LogPage: {
            /** @description The job has ended; when `hasMore` is false too, this is the end of its log. */
            ended: boolean;
            /** @description Where lines are missing between those of this page. */
            gaps: components["schemas"]["LogGap"][];
            hasMore: boolean;
            lines: components["schemas"]["LogLine"][];
            /** @description Where the next page starts, also for lines that are yet to come. */
            nextCursor: string;
        };
        /** Me */
        Me: {
            key: {
                id: string;
                name: string;
            } | null;
            /** @enum {unknown} */
            kind: "key" | "user";
            organization: {
                id: string;
                name: string;
            };
            /** @description What you may in the whole organisation. */
            permissions: string[];
            /** @description What you may at sites where you have a role of their own. */
            sitePermissions: {
                permissions: string[];
                siteId: string;
            }[];
            user: {
                email: string;
                id: string;
                name: string;
            };
        };
        /** Plan */
        Plan: {
            allowed: components["schemas"]["Allowed"];
            /** Format: date-time */
            createdAt: string;
            excludes: string[];
            host: {
                id: string;
                name: string;
            };
            id: string;
            name: string;
            /** @enum {unknown} */
            nextAction: "initialise" | "mend-repository" | "backup";
            paths: string[];
            repository: {
                id: string;
                name: string;
            };
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
        };
        /** PlanPage */
        PlanPage: {
            items: components["schemas"]["Plan"][];
            nextCursor: string | null;
        };
        /** Problem */
        Problem: {
            /** @description Stable; programs go by this. */
            code: string;
            detail?: string;
            errors?: {
                code: string;
                message: string;
                /** @description JSON pointer into the body, or the name of a query parameter or header. */
                pointer: string;
            }[];
            /** @description The job that is in the way. */
            jobId?: string;
            requestId: string;
            /** @description The permission that is missing. */
            required?: string;
            status: number;
            title: string;
            /** @description Address of the page about this code. */
            type: string;
        };
        /** Readiness */
        Readiness: {
            commit: string | null;
            parts: {
                database: components["schemas"]["ReadinessPart"];
                schema: components["schemas"]["ReadinessPart"];
                temporal: components["schemas"]["ReadinessPart"];
            };
            /** @enum {unknown} */
            status: "ready" | "degraded" | "not-ready";
            version: string;
        };
        /** ReadinessPart */
        ReadinessPart: {
            ageSeconds: number | null;
            detail?: string;
            since: string | null;
            /** @enum {unknown} */
            state: "ok" | "away" | "wrong" | "unknown";
        };
        /** Repository */
        Repository: {
            backend: string;
            /** Format: date-time */
            createdAt: string;
            hasPassword: boolean;
            id: string;
            maxJobs: number | null;
            name: string;
            readyAt: string | null;
            resticId: string | null;
            /** @description How many snapshots jobs made in it. */
            snapshotsKnown: number;
            /** @description What was last learned of it: unknown, uninitialised, missing (it was ready before and is not found any more), ready, locked, wrong-password, unreachable, damaged. */
            state: string;
            stateAt: string | null;
            url: string;
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
        };
        /** RepositoryPage */
        RepositoryPage: {
            items: components["schemas"]["Repository"][];
            nextCursor: string | null;
        };
        /** SetRepositoryAddress */
        SetRepositoryAddress: {
            /** @description An absolute path, rest:https://..., sftp:user@host:/path or s3:https://host/bucket. Holds no password. */
            url: string;
        };
        /** SetRepositoryCredentials */
        SetRepositoryCredentials: {
            /** @description Used byte for byte, kept sealed and never shown again. Any length, because repositories that were made elsewhere have it; no line break and no NUL. */
            password: string;
        };
        /** SharedJob */
        SharedJob: {
            actor: {
                kind: string;
                label: string;
            };
            attempts: number;
            behindJobId: string | null;
            cancelActor: string | null;
            cancelReason: string | null;
            cancelRequestedAt: string | null;
            host: {
                id: string;
                name: string;
            } | null;
            id: string;
            kind: string;
            nextAction: ("wait" | "read-log" | "look-at-host") | null;
            outcome: components["schemas"]["JobOutcome"] | null;
            params: {
                [key: string]: unknown;
            };
            planId: string | null;
            progress: {
                [key: string]: unknown;
            } | null;
            progressAt: string | null;
            queuePosition: number | null;
            reason: string | null;
            repositoryId: string | null;
            requestId: string;
            run: number;
            state: components["schemas"]["JobState"];
            stopsBy: string | null;
            times: {
                /** Format: date-time */
                acceptedAt: string;
                finishedAt: string | null;
                queuedAt: string | null;
                /** Format: date-time */
                queueDeadlineAt: string;
                startedAt: string | null;
            };
            title: string;
            trigger: string;
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
            waitsFor: string | null;
        };
        /** Site */
        Site: {
            /** Format: date-time */
            createdAt: string;
            id: string;
            maxJobs: number | null;
            name: string;
            /** @description Raised by each change of the row; the higher one is the newer. */
            version: number;
        };
        /** SitePage */
        SitePage: {
            items: components["schemas"]["Site"][];
            nextCursor: string | null;
        };
        /** Start */
        Start: {
            links: {
                docs: string;
                health: string;
                openapi: string;
                problems: string;
            };
            name: string;
            version: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description How to authenticate: Bearer. */
        Authenticate: string;
        /** @description The version of what is answered; send it as `If-Match` with a change. */
        ETag: string;
        /** @description The address of what was made. */
        Location: string;
        /** @description Give it to whoever runs this instance when something went wrong. */
        RequestId: string;
        /** @description Try again after so many seconds. */
        RetryAfter: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getRoot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where to go from here. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Start"];
                    "text/html": string;
                };
            };
        };
    };
    getStart: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where to go from here. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Start"];
                    "text/html": string;
                };
            };
        };
    };
    getAuthMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    listHosts: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /** @description How many at most; 50 unless told. */
                limit?: number;
                /** @description Exactly this name. */
                name?: string;
                /** @description Newest first unless told. Keep it over the pages of a list. */
                sort?: "-createdAt" | "createdAt";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostPage"];
                };
            };
        };
    };
    getHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
        };
    };
    listJobKinds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobKinds"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                hostId?: string;
                kind?: string;
                /** @description How many at most; 50 unless told. */
                limit?: number;
                planId?: string;
                /** @description Newest first unless told. Keep it over the pages of a list. */
                sort?: "-createdAt" | "createdAt";
                /** @description Several: repeat the parameter. */
                state?: components["schemas"]["JobState"][];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
        };
    };
    createJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 visible characters of ASCII. Makes the request safe to repeat for 48 hours. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CancelJob"];
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    getJobEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobEngine"];
                };
            };
        };
    };
    listJobLogs: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before, or an `id` of the stream; from the start without it. */
                cursor?: string;
                /** @description How many lines at most; 500 unless told. */
                limit?: number;
                /** @description Only lines that hold this text, whatever its case. A page may then be empty with `hasMore` true. */
                q?: string;
                /** @description Only the last lines. Not together with `cursor`. */
                tail?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                };
            };
        };
    };
    getJobLogsDownload: {
        parameters: {
            query?: {
                /** @description `text` unless told; `ndjson`: the lines as pages have them, one a line. */
                format?: "text" | "ndjson";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/plain": string;
                };
            };
        };
    };
    getJobStream: {
        parameters: {
            query?: {
                /** @description Start with the last lines only. Without meaning beside `Last-Event-ID`. */
                tail?: number;
            };
            header?: {
                /** @description The `id` of the last event that was seen: the stream goes on behind it. */
                "last-event-id"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["JobStream"];
                };
            };
            /** @description The end of the stream was seen already; do not connect again. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getOpenapiJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    listPlans: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                hostId?: string;
                /** @description How many at most; 50 unless told. */
                limit?: number;
                /** @description Exactly this name. */
                name?: string;
                repositoryId?: string;
                /** @description Newest first unless told. Keep it over the pages of a list. */
                sort?: "-createdAt" | "createdAt";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanPage"];
                };
            };
        };
    };
    createPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 visible characters of ASCII. Makes the request safe to repeat for 48 hours. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreatePlan"];
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
        };
    };
    removePlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changePlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePlan"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
        };
    };
    listRepositories: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /** @description How many at most; 50 unless told. */
                limit?: number;
                /** @description Exactly this name. */
                name?: string;
                /** @description Newest first unless told. Keep it over the pages of a list. */
                sort?: "-createdAt" | "createdAt";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RepositoryPage"];
                };
            };
        };
    };
    createRepository: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 visible characters of ASCII. Makes the request safe to repeat for 48 hours. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateRepository"];
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedRepository"];
                };
            };
        };
    };
    getRepository: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
        };
    };
    changeRepository: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeRepository"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
        };
    };
    setRepositoryAddress: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRepositoryAddress"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
        };
    };
    setRepositoryCredentials: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRepositoryCredentials"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repository"];
                };
            };
        };
    };
    listSites: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /** @description How many at most; 50 unless told. */
                limit?: number;
                /** @description Exactly this name. */
                name?: string;
                /** @description Newest first unless told. Keep it over the pages of a list. */
                sort?: "-createdAt" | "createdAt";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SitePage"];
                };
            };
        };
    };
    createSite: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 200 visible characters of ASCII. Makes the request safe to repeat for 48 hours. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSite"];
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
        };
    };
    getSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
        };
    };
    removeSite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeSite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since. */
                "if-match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeSite"];
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
        };
    };
    getHealthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    listProblems: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page for people. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page for people. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getReadyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    getSetup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page for people. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
}
