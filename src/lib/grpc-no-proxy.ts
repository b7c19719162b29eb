/**
 * For every gRPC client: straight to its address. grpc-js reads http_proxy and its kin in lower case, sends loopback
 * through them too, and knows nothing of NO_PROXY; the SDK's native part reads none. So a host with a proxy and without
 * no_proxy reached half of what it needed.
 */
export const NO_PROXY = { 'grpc.enable_http_proxy': 0 } as const;
