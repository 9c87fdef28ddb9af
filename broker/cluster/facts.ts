// The facts of the cluster, which is this one broker: its name, its id, and the address that clients are told to connect to.

export interface Facts {
  /** 22 characters of base64url, the same over restarts. */
  readonly clusterId: string;
  readonly nodeId: number;
  /** Host and port that clients reach the broker at. */
  readonly host: string;
  readonly port: number;
  /** Whether Metadata requests create topics that are not there. */
  readonly autoCreateTopics: boolean;
  readonly partitionsDefault: number;
}
