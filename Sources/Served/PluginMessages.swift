import BenchCore
import JSON

/// The headers of the protocol's frames. Keys that are not known are passed over, so that later versions may add some.
enum PluginMessages {
  /// The versions of the protocol that this program speaks.
  static let versions = [1]

  /// What a program serves. One that does not say so serves a classifier, as all did before there were kinds.
  enum Kind: String, Codable {
    case classifier, score, manifold, metric
  }

  /// The first frame: who is calling, and what is known of what will be asked.
  struct Hello: Encodable {
    let type = "hello"
    let request: Int
    let protocols = PluginMessages.versions
    /// What is wanted.
    let kind = Kind.classifier
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

  /// `logits`: images in, logits out. `vjp`: cotangents in, gradients out, at the images of the last `logits` with `keep`.
  struct Request: Encodable {
    let type: String
    let request: Int
    let keep: Bool?
    let tensor: TensorPlace
    /// Where in the shared memory the answer's tensor goes.
    let answerOffset: Int?
  }

  struct TensorAnswer: Decodable {
    let tensor: TensorPlace
  }

  struct Shutdown: Encodable {
    let type = "shutdown"
    let request: Int
  }
}
