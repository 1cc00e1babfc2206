/**
 * Files as a program sees them: one tree per mount view, in memory. Calls that touch only memory do
 * not wait; `fsync` is on the process. Content is text, bytes, a program, or a document made when it
 * is read (certificates, kubeconfigs, kernel tables).
 */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Result } from '../../ground/base/result.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Chunk } from '../network/chunk.ts';
import type { Errno } from '../network/errno.ts';
import type { Program } from './process.ts';

/** Content whose bytes are made when they are read; `value` is what it stands for, by reference. */
export interface Document {
  readonly kind: string;
  readonly value: unknown;
  render(): Uint8Array;
  /**
   * Content that its program changes in place gives readers its state of this moment, so that a copy
   * of the file is a copy.
   */
  snapshot?(): Document;
  /** Told when the file that holds it gets other content, or has gone. */
  replaced?(): void;
}

/** What a regular file holds. */
export type Content = Uint8Array | Document | Program;

export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character';

export interface Stat {
  readonly type: FileType;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: WallTime;
  readonly inode: number;
  readonly links: number;
  /** Target of a symlink (lstat). */
  readonly target?: string;
}

export interface FileEvent {
  readonly path: string;
  readonly change: 'created' | 'modified' | 'removed';
}

/** All paths may be relative to the process's working directory. Symlinks are followed unless said. */
export interface Files {
  stat(path: string): Result<Stat, Errno>;
  lstat(path: string): Result<Stat, Errno>;
  exists(path: string): boolean;
  /** Content by reference: a Document keeps its value, a Program is itself. */
  readContent(path: string): Result<Content, Errno>;
  read(path: string): Result<Uint8Array, Errno>;
  readText(path: string): Result<string, Errno>;
  /** Opened once, its state asked for and read, as servers do; `modified` is wall time. */
  readDated(
    path: string,
  ): Result<{ readonly bytes: Uint8Array; readonly modified: WallTime }, Errno>;
  /** Creates or replaces; mode applies on creation (default 0o644 less umask). */
  write(path: string, content: Content | string, mode?: number): Result<void, Errno>;
  /** Replaces in one step, as rename does (a reader sees the old or the new). */
  writeAtomic(path: string, content: Content | string, mode?: number): Result<void, Errno>;
  append(path: string, text: Uint8Array | string): Result<void, Errno>;
  mkdir(
    path: string,
    options?: { readonly parents?: boolean; readonly mode?: number },
  ): Result<void, Errno>;
  /** Names in byte order, without `.` and `..`. */
  list(path: string): Result<readonly string[], Errno>;
  unlink(path: string): Result<void, Errno>;
  rmdir(path: string): Result<void, Errno>;
  /** Removes a tree; absent is not an error. */
  removeAll(path: string): Result<void, Errno>;
  rename(from: string, to: string): Result<void, Errno>;
  symlink(target: string, path: string): Result<void, Errno>;
  readlink(path: string): Result<string, Errno>;
  chmod(path: string, mode: number): Result<void, Errno>;
  chown(path: string, uid: number, gid: number): Result<void, Errno>;
  /** Makes the file if there is none, and sets its time; default: now. */
  touch(path: string, modified?: WallTime): Result<void, Errno>;
  /** A second name for the same file; EPERM for folders, EXDEV across file systems. */
  link(from: string, to: string): Result<void, Errno>;
  /** Flags: r, r+, w (truncate), a (append), wx (must not exist). */
  open(path: string, flags: 'r' | 'r+' | 'w' | 'a' | 'wx', mode?: number): Result<OpenFile, Errno>;
  /** A path made absolute, `.` and `..` resolved by text only. */
  resolve(path: string): string;
  /** A path with all symlinks resolved. */
  realpath(path: string): Result<string, Errno>;
  /** Changes below a folder from now on (inotify). Close it when done. */
  watch(path: string): Result<FileWatch, Errno>;
  /** Bytes used and size of the file system that holds the path. */
  usage(path: string): Result<
    {
      readonly used: number;
      readonly size: number;
      readonly inodesUsed: number;
      readonly inodes: number;
    },
    Errno
  >;
}

export interface FileWatch {
  receive(): Task<FileEvent | undefined>;
  readonly readable: Wait;
  close(): void;
}

/** An open file description: a file, a pipe end, a terminal, a socket's stream, /dev/null. */
export interface OpenFile {
  readonly kind: 'file' | 'pipe' | 'terminal' | 'socket' | 'null' | 'device';
  /** For messages and /proc/<pid>/fd. */
  readonly name: string;
  /** The next bytes, at most `max`; undefined at the end. Waits while there is nothing. */
  read(max?: number): Task<Result<Uint8Array | undefined, Errno>>;
  /** Like `read`, but messages come by reference. */
  readChunk(): Task<Result<Chunk | undefined, Errno>>;
  /** Writes all of it; waits while a pipe is full. */
  write(chunk: Chunk | string): Task<Result<void, Errno>>;
  /** Writes without waiting, beyond a pipe's capacity if need be; false when nobody can read it. */
  post(chunk: Chunk | string): boolean;
  /** For `anyOf`: ends when `read` would not wait. */
  readonly readable: Wait;
  /** The terminal behind it, if it is one. */
  readonly terminal: Terminal | undefined;
  /** References: a spawned child shares the description; the last close ends it. */
  retain(): void;
  close(): void;
}

/**
 * A terminal device as programs see it. Lines are edited outside simulated time; in line mode a read
 * gives a whole line, in raw mode keys as they are typed.
 */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly mode: 'line' | 'raw';
  setMode(mode: 'line' | 'raw'): void;
  /** Process group that gets Ctrl-C, Ctrl-Z and Ctrl-\. */
  setForeground(group: number): void;
  /**
   * Writes a prompt and says that a program now waits for a line behind it; for the page's line editor.
   * A shell tells its last command's status with it, as shells that are integrated into terminals do.
   */
  prompt(text: string, status?: number): void;
  /** Asks the person's editor to open a text; delivers the saved text, or undefined when closed unsaved. */
  edit(name: string, text: string): Task<string | undefined>;
  /** For `anyOf`: ends at the next change of size. */
  readonly resized: Wait;
}

/** Time since a file's content changed, for rotation and age. */
export type Age = Micros;
