/// What keeps files from being those of an LPIPS metric.
package enum LPIPSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The convolutions of another network, or none; `found` says what the file holds.
  case otherBackbone(file: String, network: String, found: String)
  case missingTensor(file: String, tensor: String, network: String)
  case shape(file: String, tensor: String, got: [Int], expected: [Int], network: String)
  /// A file without heads, and no other one was given.
  case noHeads(file: String, network: String, count: Int)
  /// The second file has none.
  case noHeadsInFile(file: String, found: String)
  /// Some, but not all.
  case missingHead(file: String, head: Int, count: Int)
  case tooManyHeads(file: String, got: Int, count: Int, network: String)
  case headChannels(file: String, tensor: String, got: [Int], expected: [Int], network: String)
  case negativeHead(file: String, tensor: String, negative: Int, count: Int)
  /// The heads that the authors published with version 0.0.
  case versionZero(file: String)
  case differingCopies(file: String, tensor: String, other: String)
  case otherScaling(file: String, tensor: String, got: [Float], expected: [Float])
  case unused(file: String, tensors: [String])
  case notFloating(file: String, tensor: String, dtype: String)
  case notFinite(file: String, tensor: String)
  case imageShape(network: String, expected: String, got: [Int])

  package var description: String {
    switch self {
    case .otherBackbone(let file, let network, let found):
      "\(file): expected the convolutions of \(network) as torchvision saves them (`features.0.weight`, ...); "
        + "the file holds \(found)"
    case .missingTensor(let file, let tensor, let network):
      "\(file): has no tensor `\(tensor)`, which the convolutions of \(network) need; the file is incomplete"
    case .shape(let file, let tensor, let got, let expected, let network):
      "\(file): tensor `\(tensor)` has shape \(got), expected \(expected) as in \(network); "
        + "pass torchvision's own file, without changes to the network"
    case .noHeads(let file, let network, let count):
      "\(file): holds the convolutions of \(network), but none of the \(count) heads (`lin0.model.1.weight`, ...), which are a "
        + "file of their own in the package `lpips` (weights/v0.1); pass it behind a comma"
    case .noHeadsInFile(let file, let found):
      "\(file): expected heads (`lin0.model.1.weight`, ...); the file holds \(found); the backbone comes first, then the heads"
    case .missingHead(let file, let head, let count):
      "\(file): has no `lin\(head).model.1.weight`, expected \(count) heads; the file is incomplete, or of another network"
    case .tooManyHeads(let file, let got, let count, let network):
      "\(file): holds \(got) heads, expected the \(count) of \(network); they are those of another network"
    case .headChannels(let file, let tensor, let got, let expected, let network):
      "\(file): tensor `\(tensor)` has shape \(got), expected \(expected) for \(network); the heads are those of another network"
    case .negativeHead(let file, let tensor, let negative, let count):
      "\(file): \(negative) of \(count) weights of `\(tensor)` are negative; a trained head has none, so these were never loaded: "
        + "lpips.LPIPS leaves them random, without an error, with use_dropout=False and where model_path is another file; "
        + "pass the package's own file of heads behind a comma"
    case .versionZero(let file):
      "\(file): these are the heads of version 0.0, which go with images that are not scaled first and give other numbers; expected "
        + "those of version 0.1 (weights/v0.1 in the package `lpips`)"
    case .differingCopies(let file, let tensor, let other):
      "\(file): `\(tensor)` and `\(other)` stand for the same weights and differ; nothing says which are meant"
    case .otherScaling(let file, let tensor, let got, let expected):
      "\(file): `\(tensor)` is \(got), expected \(expected); the metric was trained for images that are scaled otherwise"
    case .unused(let file, let tensors):
      "\(file): holds \(tensors.count) tensors that are no part of LPIPS ("
        + tensors.prefix(4).map { "`\($0)`" }.joined(separator: ", ") + (tensors.count > 4 ? ", ..." : "")
        + "); pass the backbone's own file, and the heads'"
    case .notFloating(let file, let tensor, let dtype):
      "\(file): tensor `\(tensor)` is \(dtype), expected floating-point numbers; quantised networks give other values"
    case .notFinite(let file, let tensor):
      "\(file): tensor `\(tensor)` holds NaN or infinity; the file is damaged, fetch it again"
    case .imageShape(let network, let expected, let got):
      "\(network): expected \(expected), got \(got); images are not enlarged, because the value depends on their size"
    }
  }
}
