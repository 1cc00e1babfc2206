/** Transcripts of the network and system tools on two hosts: what an operator would see. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/ground/base/bytes.ts';
import type { Program } from '../../../../src/machines/machine/process.ts';
import { DnsMessage, dnsOf } from '../../../../src/machines/network/dns-message.ts';
import { serveHttp } from '../../../../src/machines/network/http-server.ts';
import { transcript, type TwoHosts, twoHosts } from './two-hosts.ts';

/** Port 80 and a name server on 53 that knows web.example.com. */
const web: Program = {
  name: 'web',
  version: '1',
  *main(process) {
    const listener = process.net.listen(0, 80);
    const socket = process.net.udp(0, 53);
    if (!listener.ok || !socket.ok) return 1;
    serveHttp(process, listener.value, function* answer(exchange) {
      const { method, target, body } = exchange.request;
      const type = new Map([['content-type', 'text/plain']]);
      if (target === '/slow') yield* process.sleep(5_000_000);
      if (target === '/moved') exchange.respond(302, new Map([['location', '/']]), utf8('gone\n'));
      else if (target === '/none') exchange.respond(404, type, utf8('not found\n'));
      else exchange.respond(200, type, utf8(`${method} ${body === undefined ? '-' : 'body'}\n`));
    });
    socket.value.onReceive(({ source, payload }) => {
      const query = dnsOf(payload);
      const question = query?.questions[0];
      if (query === undefined || question === undefined) return;
      const known = question.name === 'web.example.com';
      const data = { type: 'A', ip: 0xc0a8000b } as const;
      const answers =
        known && question.type === 'A' ? [{ name: question.name, ttl: 30, data }] : [];
      const code = known ? 'NOERROR' : 'NXDOMAIN';
      socket.value.sendTo(
        source,
        new DnsMessage({ ...query, response: true, authoritative: true, code, answers }),
      );
    });
    yield process.terminated;
    return 0;
  },
};

const UNIT =
  '[Unit]\nDescription=A web server\n\n[Service]\nExecStart=/usr/sbin/web -p 80\n\n[Install]\nWantedBy=multi-user.target\n';

function withWeb(): TwoHosts {
  return twoHosts((workstation, node) => {
    node.files.write('/usr/sbin/web', web, 0o755);
    node.files.write('/lib/systemd/system/web.service', UNIT);
    node.files.symlink(
      '/lib/systemd/system/web.service',
      '/etc/systemd/system/multi-user.target.wants/web.service',
    );
    workstation.files.write('/etc/resolv.conf', 'nameserver 192.168.0.11\nsearch example.com\n');
  });
}

describe('tools', () => {
  it('curl', () => {
    const shown = transcript(withWeb(), [
      'curl web',
      'curl -v http://node-1/moved -L -sS',
      'curl -sS -d a=1 node-1 -w "%{http_code} %{size_upload} %{num_connects}\\n"',
      'curl -f node-1/none; echo $?',
      'curl -m 2 node-1/slow; echo $?',
      'curl node-1:81; curl http://nosuch/; curl --bad; curl gopher://web',
      'curl "node-1/[1-2]" -s -o /dev/null -w "%{url_effective}\\n"',
    ]);
    expect(shown.replace(/\r/g, '')).toMatchInlineSnapshot(`
      "
      $ curl web
      GET -
      $ curl -v http://node-1/moved -L -sS
      * Host node-1:80 was resolved.
      * IPv6: (none)
      * IPv4: 192.168.0.11
      *   Trying 192.168.0.11:80...
      * Connected to node-1 (192.168.0.11) port 80
      * using HTTP/1.x
      > GET /moved HTTP/1.1
      > Host: node-1
      > User-Agent: curl/8.14.1
      > Accept: */*
      > 
      * Request completely sent off
      < HTTP/1.1 302 Found
      < Location: /
      < Content-Length: 5
      < 
      * Ignoring the response-body
      * Connection #0 to host node-1 left intact
      * Issue another request to this URL: 'http://node-1/'
      * Re-using existing http: connection with host node-1
      > GET / HTTP/1.1
      > Host: node-1
      > User-Agent: curl/8.14.1
      > Accept: */*
      > 
      * Request completely sent off
      < HTTP/1.1 200 OK
      < Content-Type: text/plain
      < Content-Length: 6
      < 
      GET -
      * Connection #0 to host node-1 left intact
      $ curl -sS -d a=1 node-1 -w "%{http_code} %{size_upload} %{num_connects}\\n"
      POST body
      200 3 1
      $ curl -f node-1/none; echo $?
      curl: (22) The requested URL returned error: 404
      22
      $ curl -m 2 node-1/slow; echo $?
      curl: (28) Operation timed out after 2002 milliseconds with 0 bytes received
      28
      $ curl node-1:81; curl http://nosuch/; curl --bad; curl gopher://web
      curl: (7) Failed to connect to node-1 port 81 after 0 ms: Could not connect to server
      curl: (6) Could not resolve host: nosuch
      curl: option --bad: is unknown
      curl: try 'curl --help' for more information
      curl: (1) Protocol "gopher" not supported
      $ curl "node-1/[1-2]" -s -o /dev/null -w "%{url_effective}\\n"
      http://node-1/1
      http://node-1/2
      "
    `);
  });

  it('wget, names and ping', () => {
    expect(
      transcript(withWeb(), [
        'wget -qO- node-1',
        'wget node-1/none 2>&1 | tail -2',
        'dig +search +nocmd +nostats web | grep -v HEADER',
        'dig +short nosuch.example.com web.example.com',
        'nslookup web; nslookup nosuch',
        'host web; host nosuch',
        'ping -c 2 node-1; ping nosuch; ping -c 1 -W 1 192.168.0.77 | tail -2',
        'traceroute -n node-1',
        'nc -zv node-1 80; nc -zv node-1 81',
      ]),
    ).toMatchInlineSnapshot(`
      "
      $ wget -qO- node-1
      GET -
      $ wget node-1/none 2>&1 | tail -2
      2026-03-02 09:00:00 ERROR 404: Not Found.

      $ dig +search +nocmd +nostats web | grep -v HEADER
      ;; Got answer:
      ;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
      ;; WARNING: recursion requested but not available

      ;; OPT PSEUDOSECTION:
      ; EDNS: version: 0, flags:; udp: 1232
      ; COOKIE: fa7f6341d012e40a (echoed)
      ;; QUESTION SECTION:
      ;web.example.com.		IN	A

      ;; ANSWER SECTION:
      web.example.com.	30	IN	A	192.168.0.11

      $ dig +short nosuch.example.com web.example.com
      192.168.0.11
      $ nslookup web; nslookup nosuch
      Server:		192.168.0.11
      Address:	192.168.0.11#53

      Name:	web.example.com
      Address: 192.168.0.11

      Server:		192.168.0.11
      Address:	192.168.0.11#53

      ** server can't find nosuch: NXDOMAIN

      $ host web; host nosuch
      web.example.com has address 192.168.0.11
      Host nosuch not found: 3(NXDOMAIN)
      $ ping -c 2 node-1; ping nosuch; ping -c 1 -W 1 192.168.0.77 | tail -2
      PING node-1 (192.168.0.11) 56(84) bytes of data.
      64 bytes from node-1 (192.168.0.11): icmp_seq=1 ttl=64 time=0.300 ms
      64 bytes from node-1 (192.168.0.11): icmp_seq=2 ttl=64 time=0.300 ms

      --- node-1 ping statistics ---
      2 packets transmitted, 2 received, 0% packet loss, time 1000ms
      rtt min/avg/max/mdev = 0.300/0.300/0.300/0.000 ms
      ping: nosuch: Name or service not known
      1 packets transmitted, 0 received, 100% packet loss, time 0ms

      $ traceroute -n node-1
      traceroute to node-1 (192.168.0.11), 30 hops max, 60 byte packets
       1  192.168.0.11  0.300 ms  0.300 ms  0.300 ms
      $ nc -zv node-1 80; nc -zv node-1 81
      Connection to node-1 (192.168.0.11) 80 port [tcp/http] succeeded!
      nc: connect to node-1 (192.168.0.11) port 81 (tcp) failed: Connection refused
      "
    `);
  });

  it('ip and ss', () => {
    expect(
      transcript(withWeb(), [
        'ip route add 10.244.1.0/24 via 192.168.0.11; ip route replace 10.244.1.0/24 via 192.168.0.11 dev eth0; ip r',
        'ip route add 10.244.1.0/24 via 192.168.0.11; ip route add 10.0.0.0/8 via 7.7.7.7; ip route del 1.2.3.4',
        'ip route get 10.244.1.9; ip route get 9.9.9.9',
        "printf 'route add 10.245.0.0/24 via 192.168.0.11\\n# once\\n\\nroute add 10.245.0.0/24 via 192.168.0.11\\nroute del 10.245.0.0/24\\n' > /tmp/b; ip -batch /tmp/b; ip -force -b - < /tmp/b; ip -b nosuch; ip r | grep 245",
        'ip -br a; ip a show lo; ip link show nosuch; ip frob',
        'ip link add br0 type bridge; ip link set br0 up; ip addr add 10.9.0.1/24 dev br0; ip r show dev br0',
        'ss -tln; ss -tlnp | cat',
        'netstat -rn; sysctl net.ipv4.ip_forward',
      ]),
    ).toMatchInlineSnapshot(`
      "
      $ ip route add 10.244.1.0/24 via 192.168.0.11; ip route replace 10.244.1.0/24 via 192.168.0.11 dev eth0; ip r
      10.244.1.0/24 via 192.168.0.11 dev eth0 
      192.168.0.0/16 dev eth0 proto kernel scope link src 192.168.0.2 
      $ ip route add 10.244.1.0/24 via 192.168.0.11; ip route add 10.0.0.0/8 via 7.7.7.7; ip route del 1.2.3.4
      RTNETLINK answers: File exists
      Error: Nexthop has invalid gateway.
      RTNETLINK answers: No such process
      $ ip route get 10.244.1.9; ip route get 9.9.9.9
      10.244.1.9 via 192.168.0.11 dev eth0 src 192.168.0.2 uid 0 
          cache 
      RTNETLINK answers: Network is unreachable
      $ printf 'route add 10.245.0.0/24 via 192.168.0.11\\n# once\\n\\nroute add 10.245.0.0/24 via 192.168.0.11\\nroute del 10.245.0.0/24\\n' > /tmp/b; ip -batch /tmp/b; ip -force -b - < /tmp/b; ip -b nosuch; ip r | grep 245
      RTNETLINK answers: File exists
      Command failed /tmp/b:4
      RTNETLINK answers: File exists
      Command failed -:1
      RTNETLINK answers: File exists
      Command failed -:4
      Cannot open file "nosuch" for reading: No such file or directory
      $ ip -br a; ip a show lo; ip link show nosuch; ip frob
      lo               UNKNOWN        127.0.0.1/8 
      eth0             UP             192.168.0.2/16 
      1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
          link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
          inet 127.0.0.1/8 scope host lo
             valid_lft forever preferred_lft forever
      Device "nosuch" does not exist.
      Object "frob" is unknown, try "ip help".
      $ ip link add br0 type bridge; ip link set br0 up; ip addr add 10.9.0.1/24 dev br0; ip r show dev br0
      10.9.0.0/24 proto kernel scope link src 10.9.0.1 linkdown 
      $ ss -tln; ss -tlnp | cat
      State    Recv-Q   Send-Q     Local Address:Port     Peer Address:Port  Process  
      LISTEN   0        4096             0.0.0.0:22            0.0.0.0:*              
      State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess                     
      LISTEN 0      4096         0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=2,fd=3))
      $ netstat -rn; sysctl net.ipv4.ip_forward
      Kernel IP routing table
      Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
      10.9.0.0        0.0.0.0         255.255.255.0   U         0 0          0 br0
      10.244.1.0      192.168.0.11    255.255.255.0   UG        0 0          0 eth0
      192.168.0.0     0.0.0.0         255.255.0.0     U         0 0          0 eth0
      net.ipv4.ip_forward = 0
      "
    `);
  });

  it('systemctl and journalctl', () => {
    const hosts = withWeb();
    expect(
      transcript(
        hosts,
        [
          'systemctl status web',
          'systemctl list-units --type=service',
          'systemctl stop web; systemctl is-active web; echo $?; systemctl is-enabled web',
          'systemctl status web | head -3; systemctl start nosuch; echo $?; systemctl status nosuch; echo $?',
          'systemctl disable --now ssh; systemctl enable ssh',
          'journalctl -u web -n 2; journalctl -u web -o cat | tail -1; journalctl -u nosuch',
        ],
        hosts.node,
      ),
    ).toMatchInlineSnapshot(`
      "
      $ systemctl status web
      ● web.service - A web server
           Loaded: loaded (/lib/systemd/system/web.service; enabled; preset: enabled)
           Active: active (running) since Mon 2026-03-02 09:00:00 UTC; 6ms ago
         Main PID: 3 (web)
            Tasks: 1 (limit: 9528)
           Memory: 768.0K
           CGroup: /system.slice/web.service
                   └─3 /usr/sbin/web -p 80

      Mar 02 09:00:00 node-1 systemd[1]: Started web.service - A web server.
      $ systemctl list-units --type=service
        UNIT        LOAD   ACTIVE SUB     DESCRIPTION
        ssh.service loaded active running OpenBSD Secure Shell server
        web.service loaded active running A web server

      LOAD   = Reflects whether the unit definition was properly loaded.
      ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
      SUB    = The low-level unit activation state, values depend on unit type.
      2 loaded units listed. Pass --all to see loaded but inactive units, too.
      To show all installed unit files use 'systemctl list-unit-files'.
      $ systemctl stop web; systemctl is-active web; echo $?; systemctl is-enabled web
      inactive
      3
      enabled
      $ systemctl status web | head -3; systemctl start nosuch; echo $?; systemctl status nosuch; echo $?
      ○ web.service - A web server
           Loaded: loaded (/lib/systemd/system/web.service; enabled; preset: enabled)
           Active: inactive (dead) since Mon 2026-03-02 09:00:00 UTC; 8ms ago
      Failed to start nosuch.service: Unit nosuch.service not found.
      5
      Unit nosuch.service could not be found.
      4
      $ systemctl disable --now ssh; systemctl enable ssh
      Removed "/etc/systemd/system/multi-user.target.wants/ssh.service".
      Created symlink /etc/systemd/system/multi-user.target.wants/ssh.service → /lib/systemd/system/ssh.service.
      $ journalctl -u web -n 2; journalctl -u web -o cat | tail -1; journalctl -u nosuch
      Mar 02 09:00:00 node-1 systemd[1]: web.service: Deactivated successfully.
      Mar 02 09:00:00 node-1 systemd[1]: Stopped web.service - A web server.
      Stopped web.service - A web server.
      -- No entries --
      "
    `);
  });
});
