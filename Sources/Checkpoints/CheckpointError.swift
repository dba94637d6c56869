/// Why a checkpoint could not be read or written. Every message starts with the file's name.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be opened, is not a regular file, or is empty.
  case cannotOpen(file: String, reason: String)
  /// A file could not be written; nothing was left at its place.
  case cannotWrite(file: String, reason: String)
  /// The content is none of the formats read here.
  case unrecognisedFormat(file: String, found: String)
  /// The content is understood and deliberately not read.
  case unsupported(file: String, feature: String, advice: String)
  /// `part` ends before it should.
  case truncated(file: String, part: String, offset: Int, expectedBytes: Int, availableBytes: Int)
  /// A zip archive contradicts itself.
  case corruptArchive(file: String, location: String, problem: String)
  /// A pickle is malformed. `offset` is the opcode's position in `member` (a zip entry, or the file itself).
  case corruptPickle(file: String, member: String, opcode: String, offset: Int, problem: String)
  /// A safetensors header contradicts itself or the file.
  case corruptHeader(file: String, problem: String)
  /// An ONNX graph contradicts itself.
  case corruptGraph(file: String, location: String, problem: String)
  /// A size, count or depth is beyond what this reader accepts.
  case limitExceeded(file: String, location: String, quantity: String, value: String, limit: Int)
  /// A tensor contradicts itself or its storage, or is of a kind that is not read.
  case invalidTensor(file: String, tensor: String, problem: String)
  /// A tensor's element type is not read.
  case unsupportedDType(file: String, tensor: String, dtype: String)
  /// The file was read but holds no tensors by name.
  case noStateDict(file: String, found: String)
  /// The state dict that was asked for is not there.
  case noSuchWeights(file: String, wanted: String, places: [String])
  /// Several networks of equal right.
  case severalStateDicts(file: String, places: [String], areMembers: Bool)
  /// A tensor asked for by name does not exist.
  case missingTensor(file: String, tensor: String, nearest: [String])

  public var description: String {
    switch self {
    case .cannotOpen(let file, let reason): return "\(file): cannot be read: \(reason)"
    case .cannotWrite(let file, let reason): return "\(file): cannot be written: \(reason)"
    case .unrecognisedFormat(let file, let found):
      return "\(file): \(found); expected a checkpoint written by torch.save (zip or legacy), safetensors or ONNX"
    case .unsupported(let file, let feature, let advice): return "\(file): \(feature); \(advice)"
    case .truncated(let file, let part, let offset, let expected, let available):
      return "\(file): \(part) at byte \(offset) needs \(expected) bytes, only \(available) are left; "
        + "the file is incomplete or damaged, fetch it again"
    case .corruptArchive(let file, let location, let problem):
      return "\(file): \(location): \(problem); the archive is damaged, fetch it again"
    case .corruptPickle(let file, let member, let opcode, let offset, let problem):
      return "\(file): \(member): opcode \(opcode) at byte \(offset): \(problem)"
    case .corruptHeader(let file, let problem): return "\(file): safetensors header: \(problem)"
    case .corruptGraph(let file, let location, let problem): return "\(file): \(location) \(problem)"
    case .limitExceeded(let file, let location, let quantity, let value, let limit):
      return "\(file): \(location): \(quantity) is \(value), at most \(limit) is accepted"
    case .invalidTensor(let file, let tensor, let problem): return "\(file): tensor `\(tensor)` \(problem)"
    case .unsupportedDType(let file, let tensor, let dtype):
      let known = DType.allCases.map(\.rawValue).joined(separator: ", ")
      return "\(file): tensor `\(tensor)` has dtype \(dtype), expected one of \(known); "
        + "convert it before saving, e.g. with .float()"
    case .noStateDict(let file, let found):
      return "\(file): no named tensors found: \(found); save the model with torch.save(model.state_dict(), FILE)"
    case .noSuchWeights(let file, let wanted, let places):
      let list = places.map { $0.isEmpty ? "one at its top level" : "`\($0)`" }.joined(separator: ", ")
      return "\(file): \(wanted): there is no such state dict; the file holds \(list)"
    case .severalStateDicts(let file, let places, let areMembers):
      let list = places.map { "`\($0)`" }.joined(separator: ", ")
      return "\(file): holds \(places.count) state dicts (\(list)) and nothing says which is meant; "
        + (areMembers ? "choose with --member 0, 1, ..., their place in the list" : "choose one with --weights KEY")
    case .missingTensor(let file, let tensor, let nearest):
      let list = nearest.isEmpty ? "it has none" : "nearest are " + nearest.map { "`\($0)`" }.joined(separator: ", ")
      return "\(file): no tensor is named `\(tensor)`; \(list)"
    }
  }
}
