import Checkpoints
import Tensor

/// How a checkpoint becomes a classifier.
public protocol ModelPlugin: Sendable {
  /// Name in results and lists, such as `"pytorch"`.
  static var id: String { get }
  static var version: String { get }
  /// One sentence for lists.
  static var summary: String { get }
  /// What a person needs to choose it.
  static var facts: ModelPluginFacts { get }
  /// By content, not by file name.
  static func recognizes(_ probe: FileProbe) -> Bool
  init()
  func load(_ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions) throws
    -> LoadedModel
}

extension ModelPlugin {
  public static var facts: ModelPluginFacts { ModelPluginFacts() }
}

/// What a person needs to choose a model format.
public struct ModelPluginFacts: Sendable {
  /// Kinds of files, in words.
  public var files: [String]
  /// One sentence each.
  public var notes: [String]
  /// Commands to begin with.
  public var examples: [String]
  /// Pages of the documentation.
  public var pages: [String]

  public init(files: [String] = [], notes: [String] = [], examples: [String] = [], pages: [String] = []) {
    self.files = files
    self.notes = notes
    self.examples = examples
    self.pages = pages
  }
}

public struct LoadOptions: Sendable {
  /// `--arch`: overrides the description and recognition.
  public var architecture: String?
  /// `--mean`, `--std`: override the description's.
  public var preprocessing: Preprocessing?
  /// `--resize`, `[height, width]`: overrides the description's.
  public var resize: [Int]?
  /// Images per worker and pass; nil for what suits images of a size (`batch(for:)`).
  public var batch: Int?
  public var threads: Int
  /// What the process may use for its passes, in bytes; nil for what the machine, a control group or `ulimit -v` leaves it.
  public var memory: Int?
  /// `[C, H, W]` of the task's images, where known: some networks do not fix their input size.
  public var imageShape: Shape?
  public var classCount: Int?
  /// The program that serves the model, where one does.
  public var server: ServerCommand?
  /// `--weights`, `--member`: which of a checkpoint's state dicts; they override the description's.
  public var weights: WeightsChoice

  public init(
    architecture: String? = nil, preprocessing: Preprocessing? = nil, resize: [Int]? = nil, batch: Int? = nil,
    threads: Int = 1, memory: Int? = nil, imageShape: Shape? = nil, classCount: Int? = nil,
    server: ServerCommand? = nil, weights: WeightsChoice = WeightsChoice()
  ) {
    self.architecture = architecture
    self.preprocessing = preprocessing
    self.resize = resize
    self.batch = batch
    self.threads = threads
    self.memory = memory
    self.imageShape = imageShape
    self.classCount = classCount
    self.server = server
    self.weights = weights
  }

  /// Images per worker and pass: 64 unless told otherwise, fewer where they are so large that their activations would not fit
  /// into usual memory.
  /// - Parameter image: `[C, H, W]`.
  public func batch(for image: Shape) -> Int { batch ?? max(1, min(64, (1 << 22) / max(1, image.count))) }
}

/// A classifier and what a result says about it.
public struct LoadedModel: Sendable {
  public let classifier: any Classifier
  /// A built-in architecture's name, or `"layers"`.
  public let architecture: String
  /// Number of trained scalars.
  public let parameters: Int
  public let preprocessing: Preprocessing
  /// True where nothing said how pixels are to be normalised: the summary warns loudly.
  public let preprocessingIsAssumed: Bool
  /// What a user should know: prefixes stripped, tensors unused, unknown pickle globals.
  public let notes: [String]
  /// What makes numbers doubtful though it withholds nothing: said at once and again in the summary.
  public let warnings: [String]
  /// Which of the file's state dicts was read, where it holds several or was asked for one.
  public let weights: String?
  /// Tensors of the file that the network as read has no place for.
  public let unusedTensors: Int
  /// What a program that serves the model says it is; nil where the plugin that read the file is all there is to say.
  public let plugin: ModelRecord.Plugin?

  public init(
    classifier: any Classifier, architecture: String, parameters: Int, preprocessing: Preprocessing,
    preprocessingIsAssumed: Bool, notes: [String], warnings: [String] = [], weights: String? = nil,
    unusedTensors: Int = 0, plugin: ModelRecord.Plugin? = nil
  ) {
    self.classifier = classifier
    self.architecture = architecture
    self.parameters = parameters
    self.preprocessing = preprocessing
    self.preprocessingIsAssumed = preprocessingIsAssumed
    self.notes = notes
    self.warnings = warnings
    self.weights = weights
    self.unusedTensors = unusedTensors
    self.plugin = plugin
  }
}
