/** Maxima and protocol constants of the network, each with the Linux setting that it stands for. */
import { MILLISECOND, SECOND } from '../../ground/base/event-loop.ts';

/** Bytes sent but not yet read by the peer before `send` waits (tcp_rmem and tcp_wmem together). */
export const WINDOW_BYTES = 1 << 20;
/** net.core.somaxconn: connections that wait to be accepted. */
export const BACKLOG_MAX = 4096;
/** net.ipv4.ip_local_port_range. */
export const EPHEMERAL_FIRST = 32768;
export const EPHEMERAL_LAST = 60999;
/** First SYN retry; each later one doubles (tcp_syn_retries 6: 127 s in all). */
export const SYN_TIMEOUT = 1 * SECOND;
export const SYN_RETRIES = 6;
/** TCP_RTO_MIN and TCP_RTO_MAX. */
export const RETRANSMIT_FIRST = 200 * MILLISECOND;
export const RETRANSMIT_LAST = 120 * SECOND;
/** net.ipv4.tcp_retries2: with the doubling above 924.6 s. */
export const RETRANSMIT_COUNT = 15;
/** Three ARP requests a second apart, then the neighbour has failed. */
export const ARP_FAILURE = 3 * SECOND;
/** Go's dialer: probe after 15 s of silence, every 15 s, nine times (net.KeepAliveConfig). */
export const KEEPALIVE_INTERVAL = 15 * SECOND;
export const KEEPALIVE_PROBES = 9;
/** Datagrams that wait in a UDP socket; more are dropped (rmem_default). */
export const DATAGRAMS_MAX = 512;
/** Initial time to live of Linux. */
export const TTL_FIRST = 64;
/** Largest UDP payload. */
export const DATAGRAM_BYTES_MAX = 65_507;
/** Bytes of IP and TCP headers with timestamps, IP and UDP headers, IP and ICMP headers. */
export const TCP_HEADER_BYTES = 52;
export const UDP_HEADER_BYTES = 28;
