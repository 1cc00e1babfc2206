/** Private and public keys: ECDSA P-256, made when their bytes are read. To be filled. */
export interface PublicKey {
  /** What it is known by inside the model: equal ids, equal keys. */
  readonly id: string;
}
export interface PrivateKey {
  readonly id: string;
  readonly publicKey: PublicKey;
}
