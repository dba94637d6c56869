import Foundation
import Text

/// Formats that are told apart by content.
public enum CheckpointFormat: String, Sendable, CaseIterable {
  /// `torch.save` since PyTorch 1.6: a zip archive with `data.pkl`. Also TorchScript, which is refused when read.
  case pytorchZip = "pytorch-zip"
  /// `torch.save` before PyTorch 1.6: five pickles, then storages.
  case pytorchLegacy = "pytorch-legacy"
  /// `torch.save` before PyTorch 0.2: a tar archive; recognised to be refused with a helpful message.
  case pytorchTar = "pytorch-tar"
  /// One pickle and nothing else, as `pickle.dump` writes; its arrays can be NumPy's.
  case pickle
  case safetensors
  /// An ONNX graph: not a state dict, read elsewhere.
  case onnx

  /// PyTorch's legacy magic number, 0x1950a86a20f9469cfc6c, as the ten little-endian bytes of a pickled integer.
  private static let legacyMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
  /// The same as a protocol-0 pickle writes it.
  private static let legacyMagicText = Array("119547037146038801333356".utf8)

  /// The format of a file, nil where the content shows none.
  public static func detect(_ probe: FileProbe) -> CheckpointFormat? {
    let head = Array(probe.head)
    if head.starts(with: Array("PK\u{3}\u{4}".utf8)) || head.starts(with: Array("PK\u{5}\u{6}".utf8)) {
      return .pytorchZip
    }
    if isSafetensors(head, byteCount: probe.byteCount) { return .safetensors }
    // The magic number is the whole of the first pickle, after at most a PROTO and a FRAME opcode (11 bytes).
    if contains(legacyMagic, in: head.prefix(24)) || contains(legacyMagicText, in: head.prefix(28)) {
      return .pytorchLegacy
    }
    if head.count >= 262, head[257..<262].elementsEqual("ustar".utf8) { return .pytorchTar }
    if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) { return .pickle }
    if isONNX(head) { return .onnx }
    return nil
  }

  /// What unrecognised content looks like, for an error message.
  public static func describe(_ probe: FileProbe) -> String {
    let head = Array(probe.head)
    let text = String(decoding: head.prefix(64), as: UTF8.self).lowercased()
    if text.hasPrefix("version https://git-lfs") {
      return "this is a Git LFS pointer, not the file it points to (run `git lfs pull`)"
    }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      return "this is a web page, not a checkpoint (download the file itself)"
    }
    if head.starts(with: [0x1f, 0x8b]) { return "this is gzip-compressed (expand it with gunzip first)" }
    if text.hasPrefix("<?xml") { return "this is an XML document, perhaps a server's error (download the file itself)" }
    if head.starts(with: [0x89, 0x48, 0x44, 0x46]) {
      return "this is HDF5, as Keras writes; export the network to ONNX, which is read"
    }
    if head.starts(with: [0x93] + Array("NUMPY".utf8)) {
      return "this is one NumPy array (.npy) without a name; save all of the network's by name with "
        + "safetensors.numpy.save_file"
    }
    let digits = head.prefix(8).map(\.hexadecimal).joined(separator: " ")
    return "unknown content (\(probe.byteCount) bytes, the first are \(digits))"
  }

  /// Eight bytes of header length, then the header, a JSON object.
  private static func isSafetensors(_ head: [UInt8], byteCount: Int) -> Bool {
    guard head.count >= 10, head[8] == UInt8(ascii: "{") else { return false }
    // Any length below 2^32 counts, so that a wrong one is reported by the reader instead of not being recognised.
    return head[4..<8].allSatisfy { $0 == 0 }
  }

  /// A `ModelProto` as exporters write it: field 1 (`ir_version`, a small number), then one of its other fields.
  private static func isONNX(_ head: [UInt8]) -> Bool {
    guard head.count >= 4, head[0] == 0x08, (1...32).contains(head[1]) else { return false }
    return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].contains(head[2])
  }

  private static func contains(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= pattern.count else { return false }
    return (bytes.startIndex...(bytes.endIndex - pattern.count)).contains { start in
      bytes[start..<(start + pattern.count)].elementsEqual(pattern)
    }
  }
}
