/** /proc/net of a network namespace: sockets, interfaces, routes (Documentation/networking/proc_net_tcp.rst). */
import { formatIp } from '../../ground/base/ip.ts';
import type { RunningProcess } from './running-process.ts';
import type { System } from './system.ts';

/** Address and port as /proc/net has them: little-endian hex. */
function hexIp(ip: number): string {
  const bytes = formatIp(ip).split('.').reverse();
  return bytes.map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase()).join('');
}

function hexPort(port: number): string {
  return port.toString(16).padStart(4, '0').toUpperCase();
}

const TCP_STATES: Readonly<Record<string, string>> = {
  ESTAB: '01',
  'SYN-SENT': '02',
  'SYN-RECV': '03',
  'FIN-WAIT-1': '04',
  'FIN-WAIT-2': '05',
  'TIME-WAIT': '06',
  'CLOSE-WAIT': '08',
  'LAST-ACK': '09',
  LISTEN: '0A',
};

/** /proc/net/tcp; the inode is that of the links in /proc/PID/fd. */
export function tcpText(system: System, process: RunningProcess): string {
  const sockets = [...process.namespaces.network.sockets.all()].filter(
    (socket) => socket.protocol === 'tcp',
  );
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  return (
    head +
    sockets
      .map((socket, at) => {
        const row = socket.row();
        const inode = row.descriptor === 0 ? 0 : system.numbers.anonymous(socket);
        return `${`${at}`.padStart(4)}: ${hexIp(row.local.ip)}:${hexPort(row.local.port)} ${hexIp(row.remote.ip)}:${hexPort(row.remote.port)} ${TCP_STATES[row.state] ?? '07'} 00000000:00000000 00:00000000 00000000 ${`${row.owner.uid}`.padStart(5)}        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
      })
      .join('')
  );
}

/** /proc/net/route. */
export function routeText(process: RunningProcess): string {
  const head =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const rows = process.namespaces.network.routes.all().filter((route) => route.type === 'unicast');
  return (
    head +
    rows
      .map((route) => {
        const { base, bits } = route.destination;
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
        const flags = route.via === undefined ? '0001' : '0003';
        return `${route.device}\t${hexIp(base)}\t${hexIp(route.via ?? 0)}\t${flags}\t0\t0\t${route.metric}\t${hexIp(mask)}\t0\t0\t0\n`;
      })
      .join('')
  );
}

/** /proc/net/dev. */
export function deviceText(process: RunningProcess): string {
  const head =
    'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  const rows = process.namespaces.network.interfaces().map((device) => {
    const received = `${`${device.rxBytes}`.padStart(8)} ${`${device.rxPackets}`.padStart(7)}    0    0    0     0          0         0`;
    const sent = `${`${device.txBytes}`.padStart(8)} ${`${device.txPackets}`.padStart(7)}    0    0    0     0       0          0`;
    return `${device.name.padStart(6)}: ${received} ${sent}\n`;
  });
  return head + rows.join('');
}
