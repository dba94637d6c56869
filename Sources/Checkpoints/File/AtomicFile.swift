import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that are there completely or not at all.
package enum AtomicFile {
  /// Writes `data` to a temporary file in the same directory and renames it to `path`, replacing what was there.
  /// A reader sees the old content or the new, never part of either; after a failure the old content is untouched.
  /// - Parameter durably: whether the content is on the disk before the file gets its name. Without, a power failure may
  ///   leave a damaged file, which a reader must recognise.
  /// - Throws: `CheckpointError.cannotWrite`.
  package static func write(_ data: Data, to path: String, durably: Bool = true) throws(CheckpointError) {
    try write(to: path, durably: durably) { append in data.withUnsafeBytes(append) }
  }

  /// The same of content that is made, or lies in memory, part by part.
  /// - Parameter content: hands on each part; after a failure what it hands on is not written.
  package static func write(
    to path: String, durably: Bool = true, _ content: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void
  ) throws(CheckpointError) {
    let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
    let name = String(path[start...])
    // The process and a random part, so that two writers of the same file never share a temporary file.
    let temporary =
      "\(path[..<start]).\(name).\(getpid()).\(String(UInt32.random(in: 0...UInt32.max), radix: 16)).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(file: name, reason: FileMapping.systemMessage()) }
    if let reason = write(content, to: descriptor, durably: durably) ?? move(temporary, to: path) {
      unlink(temporary)
      throw .cannotWrite(file: name, reason: reason)
    }
  }

  /// Writes, flushes to disk where asked to and closes; returns what went wrong.
  private static func write(
    _ content: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void, to descriptor: Int32, durably: Bool
  ) -> String? {
    var failure: String?
    content { bytes in
      var rest = bytes[...]
      while failure == nil, !rest.isEmpty {
        let written = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
        if written < 0 && errno == EINTR { continue }
        if written > 0 { rest = rest.dropFirst(written) } else { failure = FileMapping.systemMessage() }
      }
    }
    if failure == nil, durably, fsync(descriptor) != 0 { failure = FileMapping.systemMessage() }
    let closed = close(descriptor)
    return failure ?? (closed == 0 ? nil : FileMapping.systemMessage())
  }

  private static func move(_ temporary: String, to path: String) -> String? {
    rename(temporary, path) == 0 ? nil : FileMapping.systemMessage()
  }

  /// The system call, whose name this type's own method would otherwise hide.
  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
