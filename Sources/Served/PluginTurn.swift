import Foundation
import JSON
import Tensor
import Text

/// One question and its answer.
package struct PluginTurn {
  package enum Problem: Error {
    case strayOutput(String)
    case reported(String)
    case frame(String)
    case announcement(String)
    case shape(expected: Shape, got: String)
    case nonFinite(place: String, value: Float)
  }

  /// Counted from 1; an answer carries its question's.
  let number: Int
  let pipes: PluginPipes
  let deadline: ContinuousClock.Instant
  /// How many questions before this one nobody waited for the answers of: they are read and dropped.
  let abandoned: Int
  let check: () throws -> Void

  package init(
    number: Int, pipes: PluginPipes, deadline: ContinuousClock.Instant, abandoned: Int = 0,
    check: @escaping () throws -> Void
  ) {
    (self.number, self.pipes, self.deadline, self.abandoned, self.check) = (number, pipes, deadline, abandoned, check)
  }

  package func send<Header: Encodable>(_ header: Header, payload: UnsafeRawBufferPointer? = nil) throws {
    let head = try PluginFrame.head(header, payloadBytes: payload?.count ?? 0)
    do {
      try head.withUnsafeBytes { try pipes.write($0, by: deadline, check) }
      if let payload { try pipes.write(payload, by: deadline, check) }
    } catch PluginPipes.Problem.interjection {
      // Garbage and error reports say more than that they came too early.
      _ = try receiveHeader(type: "an answer after the request")
      throw PluginPipes.Problem.interjection
    } catch PluginPipes.Problem.ended {
      // It may have reported why before it ended.
      _ = try receiveHeader(type: "an answer after the request")
      throw PluginPipes.Problem.ended
    }
  }

  package func receive<Answer: Decodable>(_ answer: Answer.Type, type: String) throws -> Answer {
    let (header, payloadBytes) = try receiveHeader(type: type)
    guard payloadBytes == 0 else {
      throw Problem.frame("a payload of \(payloadBytes) bytes after a header of type `\(type)`, expected none")
    }
    do { return try JSONDecoding.decode(answer, from: header, source: "its header") } catch {
      throw Problem.frame("a header that cannot be used: \(error)")
    }
  }

  /// Fills `buffer`, of as many numbers as `shape` has, whatever the plugin declares: nothing is allocated on its word.
  /// - Parameter mayBeUndefined: whether numbers may be NaN.
  func receiveTensor(
    type: String, shape: Shape, into buffer: UnsafeMutableBufferPointer<Float>, shared: SharedMemory?,
    mayBeUndefined: Bool = false
  ) throws {
    precondition(buffer.count == shape.count)
    let (header, payloadBytes) = try receiveHeader(type: type)
    let tensor: PluginMessages.TensorPlace
    do {
      tensor = try JSONDecoding.decode(PluginMessages.TensorAnswer.self, from: header, source: "its header").tensor
    } catch { throw Problem.frame("a header that cannot be used: \(error)") }
    guard tensor.shape == shape.dimensions else {
      throw Problem.shape(expected: shape, got: PluginTurn.shortened(tensor.shape))
    }
    switch (tensor.place, shared) {
    case (.inline, _):
      guard payloadBytes == UInt64(shape.count * 4) else {
        throw Problem.frame(
          "a payload of \(payloadBytes) bytes for a tensor of shape \(shape), expected \(shape.count * 4)")
      }
      try pipes.read(into: UnsafeMutableRawBufferPointer(buffer), by: deadline, check)
    case (.shared, let shared?):
      guard payloadBytes == 0, tensor.offset == shared.answerOffset else {
        throw Problem.frame(
          "a tensor elsewhere than at offset \(shared.answerOffset) of the shared memory, as asked for")
      }
      shared.read(into: buffer)
    case (.shared, nil): throw Problem.frame("a tensor in shared memory, of which there is none")
    }
    guard PluginTurn.isFinite(buffer) else {
      guard let index = buffer.firstIndex(where: { !$0.isFinite && !(mayBeUndefined && $0.isNaN) }) else { return }
      let stride = shape.droppingFirst.count
      throw Problem.nonFinite(
        place: "element \(index % stride) of image \(index / stride) of this request", value: buffer[index])
    }
  }

  /// Without branches, so that it is vectorised: an exponent of ones is infinity or NaN.
  private static func isFinite(_ buffer: UnsafeMutableBufferPointer<Float>) -> Bool {
    var found: UInt32 = 0
    for value in buffer { found |= value.bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0 }
    return found == 0
  }

  private func receiveHeader(type: String) throws -> (header: JSONValue, payloadBytes: UInt64) {
    var bytes = [UInt8](repeating: 0, count: PluginFrame.prefixBytes)
    try bytes.withUnsafeMutableBytes { try readPrefix(into: $0) }
    guard let prefix = PluginFrame.prefix(bytes) else { throw strayOutput(beginning: bytes) }
    guard (2...PluginFrame.largestHeader).contains(prefix.headerBytes) else {
      throw Problem.frame(
        "a header of \(prefix.headerBytes) bytes, expected 2 to \(PluginFrame.largestHeader)")
    }
    var text = Data(count: prefix.headerBytes)
    try text.withUnsafeMutableBytes { try pipes.read(into: $0, by: deadline, check) }
    let header: JSONValue
    do { header = try JSONDecoding.parse(text, source: "its header", maximumDepth: 16) } catch {
      throw Problem.frame("a header that is not JSON: \(error)")
    }
    if header["type"]?.stringValue == "error" {
      guard let message = header["message"]?.stringValue else { throw Problem.frame("an error without a message") }
      throw Problem.reported(LastWords.printable(String(message.prefix(20_000))))
    }
    if prefix.payloadBytes == 0, let late = header["request"]?.intValue, (number - abandoned..<number).contains(late) {
      return try receiveHeader(type: type)
    }
    guard header["type"]?.stringValue == type else {
      throw Problem.frame("a header of type `\(PluginTurn.name(header["type"]))`, expected `\(type)`")
    }
    guard header["request"]?.intValue == number else {
      throw Problem.frame("an answer to request \(PluginTurn.name(header["request"])), expected \(number)")
    }
    return (header, prefix.payloadBytes)
  }

  /// As soon as the first bytes are not those of a frame there is no point in waiting for sixteen of them.
  private func readPrefix(into buffer: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < buffer.count {
      filled += try pipes.readSome(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), by: deadline, check)
      let common = min(filled, PluginFrame.magic.count)
      guard buffer[..<common].elementsEqual(PluginFrame.magic[..<common]) else {
        throw strayOutput(beginning: Array(buffer[..<filled]))
      }
    }
  }

  /// Reads on for a moment: the whole line tells more than its beginning.
  private func strayOutput(beginning: [UInt8]) -> Problem {
    var bytes = beginning
    var buffer = [UInt8](repeating: 0, count: 256)
    let soon = min(deadline, .now + .milliseconds(200))
    while bytes.count < 256, !bytes.contains(UInt8(ascii: "\n")) {
      guard let count = try? buffer.withUnsafeMutableBytes({ try pipes.readSome(into: $0, by: soon, check) }) else {
        break
      }
      bytes += buffer[..<count]
    }
    return .strayOutput(
      PluginTurn.firstLine(of: bytes).map { "`\($0)`" }
        ?? "the bytes \(bytes.prefix(16).map(\.hexadecimal).joined(separator: " "))")
  }

  /// - Returns: nil where the bytes do not begin with text. What follows the text may well be the frames of a plugin that
  ///   only prints besides.
  static func firstLine(of bytes: [UInt8]) -> String? {
    let newline = UInt8(ascii: "\n")
    let rest = bytes.drop { $0 == newline }
    let line = rest.prefix(256).prefix { $0 >= 32 && $0 != 127 || $0 == UInt8(ascii: "\t") || $0 == 27 }
    let text = String(decoding: line, as: UTF8.self)
    // The last character may be cut.
    guard !text.isEmpty, !text.dropLast().contains("\u{FFFD}"),
      line.count >= 4 || line.endIndex == bytes.endIndex || bytes[line.endIndex] == newline
    else { return nil }
    return LastWords.printable(text)
  }

  private static func name(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text)?: LastWords.printable(String(text.prefix(60)))
    case .integer(let number)?: "\(number)"
    case nil: "(absent)"
    default: "(of another type)"
    }
  }

  private static func shortened(_ shape: [Int]) -> String {
    "[" + shape.prefix(8).map(String.init).joined(separator: ", ") + (shape.count > 8 ? ", ..." : "") + "]"
  }
}
