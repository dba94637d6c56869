import BenchCore
import JSON
import Tensor

/// The headers of the protocol's frames. Keys that are not known are passed over, so that later versions may add some.
enum PluginMessages {
  /// The versions of the protocol that this program speaks.
  static let versions = [1]

  /// What a program serves. One that does not say so serves a classifier, as all did before there were kinds.
  enum Kind: String, Codable {
    case classifier, score, manifold, metric
  }

  static let largestClassCount = 1 << 20

  /// The first frame: who is calling, and what is known of what will be asked.
  struct Hello: Encodable {
    /// What is wanted, and of which images.
    struct Subject {
      let kind: Kind
      let imageShape: Shape?
      let classCount: Int?
      let threads: Int
    }

    let type = "hello"
    let request: Int
    let protocols = PluginMessages.versions
    /// What is wanted.
    let kind: Kind
    /// Absolute path.
    let checkpoint: String?
    /// `[C, H, W]` of the task's images and its number of classes, for networks that do not fix them.
    let imageShape: [Int]?
    let classCount: Int?
    /// Most images that one request will hold.
    let batch: Int
    /// How many the user grants.
    let threads: Int
  }

  /// The answer to `Hello`: what the plugin is.
  struct Ready: Decodable {
    enum Input: String, Decodable {
      /// In [0, 1]; the plugin normalises.
      case pixels
      /// (pixel - mean) / std by channel; the runner normalises, and scales gradients back.
      case normalised
    }

    let `protocol`: Int
    /// A kind that is not known here is none that was asked for.
    let kind: String?
    let id: String
    let version: String
    let inputShape: [Int]
    let classCount: Int
    let input: Input
    let preprocessing: Preprocessing?
    let capabilities: [String]
    let architecture: String?
    let parameters: Int?
    let notes: [String]?
  }

  /// Offers memory that both sides see.
  struct SharedMemory: Encodable {
    let type = "shared-memory"
    let request: Int
    let path: String
    let bytes: Int
    /// The memory's first characters: shows that the file opened is the one that was meant.
    let token: String
  }

  struct SharedMemoryAnswer: Decodable {
    let accepted: Bool
    let reason: String?
  }

  /// Where a tensor is: in the frame's payload, or at an offset of the shared memory.
  struct TensorPlace: Codable {
    let shape: [Int]
    let place: Place
    let offset: Int?

    enum Place: String, Codable {
      case inline, shared
    }
  }

  /// `logits`: images in, logits out. `vjp`: cotangents in, gradients out, at the images of the last `logits` with `keep`. `score` and
  /// `tangents`: images in.
  struct Request: Encodable {
    let type: String
    let request: Int
    var keep: Bool?
    /// Of `score`, in pixel units.
    var noise: Double?
    /// Of `score`, one for each image.
    var classes: [Int]?
    let tensor: TensorPlace
    /// Where in the shared memory the answer's tensor goes.
    var answerOffset: Int?
  }

  /// The same with several tensors, one behind the other in the payload: `compare`.
  struct RequestOfSeveral: Encodable {
    struct Named: Encodable {
      let name: String
      let shape: [Int]
      let place = TensorPlace.Place.inline
    }

    let type: String
    let request: Int
    let tensors: [Named]
  }

  struct TensorAnswer: Decodable {
    let tensor: TensorPlace
  }

  struct Shutdown: Encodable {
    let type = "shutdown"
    let request: Int
  }

  /// What is wrong with what every announcement says; nil where it can be used.
  static func problem(
    protocol version: Int, kind: String?, wanted: Kind, id: String, version name: String, parameters: Int?
  ) -> String? {
    guard versions.contains(version) else {
      return "version \(version) of the protocol, expected \(versions.map(String.init).joined(separator: " or "))"
    }
    guard kind ?? Kind.classifier.rawValue == wanted.rawValue else {
      let served = LastWords.printable(String((kind ?? Kind.classifier.rawValue).prefix(60)))
      return "that it serves a `\(served)`, expected a `\(wanted.rawValue)`"
    }
    guard ResultValidation.isIdentifier(id) else {
      return
        "the id `\(LastWords.printable(String(id.prefix(100))))`, expected lower-case letters, digits, `.`, `_`, `-`"
    }
    guard isLine(name) else { return "a version that is not one line of 1 to 100 characters" }
    guard (0...(1 << 53)).contains(parameters ?? 0) else { return "\(parameters ?? 0) parameters" }
    return nil
  }

  static func isLine(_ text: String) -> Bool {
    (1...100).contains(text.count) && LastWords.printable(text) == text && !text.contains(where: \.isNewline)
  }
}
