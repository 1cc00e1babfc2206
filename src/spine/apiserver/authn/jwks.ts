/** The public keys of service-account tokens as a JSON Web Key Set (RFC 7517): P-256 points. */
import { base64UrlOf } from '../../../ground/base/bytes.ts';
import { jsonWebKeyId } from '../../../ground/pki/jwt.ts';
import { type PublicKey, encodeSubjectKey } from '../../../ground/pki/keys.ts';

export function jwksText(keys: readonly PublicKey[]): string {
  const entries = keys.map((key) => {
    // The uncompressed point is the last 65 bytes of the subject public key info.
    const point = encodeSubjectKey(key).slice(-64);
    const x = base64UrlOf(point.subarray(0, 32));
    const y = base64UrlOf(point.subarray(32));
    return `{"use":"sig","kty":"EC","kid":"${jsonWebKeyId(key)}","crv":"P-256","alg":"ES256","x":"${x}","y":"${y}"}`;
  });
  return `{"keys":[${entries.join(',')}]}`;
}
