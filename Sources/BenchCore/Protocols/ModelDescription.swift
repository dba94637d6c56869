import JSON

/// `model.json`: what a checkpoint is. Keys as in the contract.
public struct ModelDescription: Sendable, Codable, Equatable {
  public var id: String
  public var name: String
  /// Absent: a classifier.
  public var kind: Kind?
  /// The task the model was trained for.
  public var task: String?
  public var checkpoint: Checkpoint?
  /// A built-in architecture's name, or a declarative layer list (see docs/add-a-model.md). An autoencoder has two of them,
  /// `{"encoder": [...], "decoder": [...]}`.
  public var architecture: JSONValue?
  public var preprocessing: Preprocessing?
  /// A program that serves the network, where the built-in engine does not (see docs/plugin-protocol.md).
  public var plugin: Plugin?
  public var claims: Claims?
  public var source: Source?
  /// Of a denoiser: standard deviation of the Gaussian noise it removes, in pixel units.
  public var noise: Double?
  /// Of a class-conditional denoiser: how many classes it finds the noise for, each by itself.
  public var classes: Int?

  /// What a checkpoint computes.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Logits from images.
    case classifier
    /// Images from images through a small vector: a manifold.
    case autoencoder
    /// The noise in images: a score.
    case denoiser
    /// The ways from an image to every class: closest points.
    case generator
  }

  public struct Checkpoint: Sendable, Codable, Equatable {
    /// Relative to the description's folder.
    public var file: String?
    public var url: String?
    public var sha256: String?
    public var bytes: Int?
    /// Which of the file's state dicts, where it holds several: the key under which it stands, such as `model_ema`.
    public var weights: String?
    /// Its place in a list of state dicts, from 0.
    public var member: Int?

    public init(
      file: String? = nil, url: String? = nil, sha256: String? = nil, bytes: Int? = nil, weights: String? = nil,
      member: Int? = nil
    ) {
      self.weights = weights
      self.member = member
      self.file = file
      self.url = url
      self.sha256 = sha256
      self.bytes = bytes
    }
  }

  public struct Plugin: Sendable, Codable, Equatable {
    /// Program and arguments, run in the description's folder; `{checkpoint}` stands for the checkpoint's path.
    public var command: [String]
    /// The files that make up the program, relative to the description's folder: without a checkpoint, their digest is
    /// the model's.
    public var files: [String]?
  }

  public struct Claims: Sendable, Codable, Equatable {
    /// Test accuracy in [0, 1].
    public var accuracy: Double?
    /// Accuracy of the same architecture trained without a robustness objective.
    public var standardAccuracy: Double?
    /// Id of that network on the leaderboard, whose result says its accuracy and its on-manifold sensitivity.
    public var standardModel: String?

    public init(accuracy: Double? = nil, standardAccuracy: Double? = nil, standardModel: String? = nil) {
      self.accuracy = accuracy
      self.standardAccuracy = standardAccuracy
      self.standardModel = standardModel
    }
  }

  public struct Source: Sendable, Codable, Equatable {
    public var paper: String?
    public var url: String?
    public var authors: String?
    public var license: String?
    /// How it was trained, in words.
    public var training: String?

    public init(
      paper: String? = nil, url: String? = nil, authors: String? = nil, license: String? = nil, training: String? = nil
    ) {
      self.paper = paper
      self.url = url
      self.authors = authors
      self.license = license
      self.training = training
    }
  }

  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }
}
