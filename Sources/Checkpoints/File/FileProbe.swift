import Foundation

/// What a plugin sees of a file to say whether it can load it: enough to recognise formats by content.
public struct FileProbe: Sendable {
  /// How many first bytes are kept.
  public static let headBytes = 4096

  /// The file's name without its directory; a hint at best, never the reason to choose a format.
  public let name: String
  public let byteCount: Int
  /// The first bytes, at most `headBytes`; its indices start at 0.
  public let head: Data

  public init(name: String, byteCount: Int, head: Data) {
    self.name = name
    self.byteCount = byteCount
    self.head = Data(head.prefix(Self.headBytes))
  }

  public init(_ file: CheckpointFile) {
    self.init(name: file.name, byteCount: file.byteCount, head: file.data.prefix(Self.headBytes))
  }

  /// The format the content shows, nil where it shows none of them.
  public var format: CheckpointFormat? { CheckpointFormat.detect(self) }
}
