import BenchCore
import Foundation
import JSON
import Mixtures
import Tensor

/// `task.json`: a data set of the user's own as a task, with every constant that was chosen for it (docs/own-data.md).
package struct TaskDocument: Codable, Sendable, Equatable {
  package var id: String
  /// As people call it.
  package var title: String
  /// Raised by whoever changes a constant.
  package var version: Int
  /// In the order of the labels.
  package var classes: [String]
  /// `[C, H, W]`, after `resize` and `crop`.
  package var imageShape: [Int]
  package var train: Part
  package var test: Part
  /// The shorter side that images of a folder are brought to first.
  package var resize: Int?
  /// `[H, W]` that are taken from the middle of images of a folder.
  package var crop: [Int]?
  /// Four, rising; see `ProtocolConstants`.
  package var stepSizes: [Double]
  package var mixture: Mixture
  /// What the mixture was chosen among.
  package var trials: [Trial]?

  /// Where a split lies: arrays of a `.npz` file, or a folder with one folder for each class.
  package struct Part: Codable, Sendable, Equatable {
    package var file: String?
    /// The arrays' names.
    package var images: String?
    package var labels: String?
    package var folder: String?
  }

  /// See `MixtureSettings`.
  package struct Mixture: Codable, Sendable, Equatable {
    package var imagesPerComponent: Int
    package var maximumComponents: Int
    package var factors: Int
    package var tangentDimension: Int
    package var priorImages: Double
  }

  package struct Trial: Codable, Sendable, Equatable {
    package var factors: Int
    package var priorImages: Double
    /// Mean of the images that were kept aside, in nats.
    package var logLikelihood: Double
  }

  static let sides = 4...512
  /// Logits of all classes are held for all images, and a mixture of each class.
  static let classLimit = 2...4096

  /// - Parameter tasks: those that are known by name, so that no description may take one of their names.
  /// - Throws: `TaskDocumentError.invalid`, `JSONError`.
  package static func read(_ data: Data, file: String, beside tasks: [any TaskPlugin]) throws -> TaskDocument {
    let document = try JSONDecoding.decode(TaskDocument.self, from: data, source: file, rejectUnknownKeys: true)
    if let problem = document.problem(beside: tasks) { throw TaskDocumentError.invalid(file: file, problem: problem) }
    return document
  }

  /// The same where the description lies in another folder than the data.
  package func relocated(from data: URL, to folder: URL) -> TaskDocument {
    guard data.standardizedFileURL.path != folder.standardizedFileURL.path else { return self }
    func moved(_ path: String?) -> String? { path.map { data.appendingPathComponent($0).standardizedFileURL.path } }
    var document = self
    (document.train.file, document.train.folder) = (moved(train.file), moved(train.folder))
    (document.test.file, document.test.folder) = (moved(test.file), moved(test.folder))
    return document
  }

  /// The first thing that no task can be made of.
  private func problem(beside tasks: [any TaskPlugin]) -> String? {
    (nameChecks(beside: tasks) + imageChecks).first { !$0.holds }?.otherwise ?? mixture.problem(size: size)
      ?? train.problem("train")
      ?? test.problem("test")
  }

  /// Values of an image; meant where `imageShape` is one.
  private var size: Int { imageShape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }

  private typealias Check = (holds: Bool, otherwise: String)

  private func nameChecks(beside tasks: [any TaskPlugin]) -> [Check] {
    let isTaken = tasks.contains { $0.id == id }
    let limits = "\(Self.classLimit.lowerBound) to \(Self.classLimit.upperBound)"
    return [
      (ResultValidation.isIdentifier(id), "id: is `\(id)`, expected lower-case letters, digits, `.`, `_`, `-`"),
      (!isTaken, "id: `\(id)` is a task of pags-bench; choose another id"),
      ((1...200).contains(title.count), "title: has \(title.count) characters, expected 1 to 200"),
      ((1...1_000_000).contains(version), "version: is \(version), expected 1 to 1000000"),
      (Self.classLimit.contains(classes.count), "classes: there are \(classes.count), expected \(limits)"),
      (Set(classes).count == classes.count, "classes: two have the same name"),
      (classes.allSatisfy { (1...200).contains($0.count) }, "classes: a name is empty or longer than 200"),
      (
        classes.allSatisfy { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control } },
        "classes: a name holds a control character, such as a line break"
      ),
    ]
  }

  private var imageChecks: [Check] {
    let sides = Array(imageShape.dropFirst())
    let isShape = sides.count == 2 && [1, 3].contains(imageShape[0]) && sides.allSatisfy(Self.sides.contains)
    let isRising = stepSizes.count == 4 && zip(stepSizes, stepSizes.dropFirst()).allSatisfy { $0 < $1 }
    let limits = "\(Self.sides.lowerBound) to \(Self.sides.upperBound)"
    return [
      (
        isShape,
        "imageShape: is \(imageShape), expected [channels, height, width], 1 or 3 channels and sides of \(limits)"
      ),
      (
        (resize == nil && crop == nil) || (train.folder != nil && test.folder != nil),
        "resize and crop: are of folders of images; arrays are taken as they are"
      ),
      (resize.map(Self.sides.contains) ?? true, "resize: is \(resize ?? 0), expected \(limits)"),
      (crop.map { $0 == sides } ?? true, "crop: is \(crop ?? []), expected the image's sides \(sides)"),
      (
        isRising && stepSizes.allSatisfy { $0 > 0 && $0 < 1e6 },
        "stepSizes: are \(stepSizes), expected four rising lengths below 1e6"
      ),
    ]
  }

  var protocolConstants: ProtocolConstants {
    ProtocolConstants(
      stepSizes: stepSizes, wideStep: stepSizes[1], smallStep: stepSizes[0], scoreNoises: [0.1, 0.25, 0.5],
      alignmentNoises: [0.25, 0.5, 1], decisiveNoise: 0.5, robustnessNoise: 0.01)
  }
}

extension TaskDocument.Part {
  fileprivate func problem(_ path: String) -> String? {
    if folder != nil {
      return file == nil && images == nil && labels == nil
        ? nil : "\(path): names a folder and a file, expected one of them"
    }
    return file != nil && images != nil && labels != nil
      ? nil : "\(path): expected `folder`, or `file` with the names of its arrays `images` and `labels`"
  }
}

extension TaskDocument.Mixture {
  var settings: MixtureSettings {
    MixtureSettings(
      imagesPerComponent: imagesPerComponent, maximumComponents: maximumComponents, factors: factors,
      tangentDimension: tangentDimension, priorImages: priorImages)
  }

  fileprivate func problem(size: Int) -> String? {
    guard (2...1_000_000).contains(imagesPerComponent), (1...64).contains(maximumComponents) else {
      return "mixture: imagesPerComponent is \(imagesPerComponent), expected 2 to 1000000, and maximumComponents "
        + "\(maximumComponents), expected 1 to 64"
    }
    guard factors >= 1, factors < size, factors <= 1024, (1...factors).contains(tangentDimension) else {
      return
        "mixture: factors is \(factors), expected 1 to 1024 and fewer than an image has values, and tangentDimension "
        + "\(tangentDimension), expected 1 to factors"
    }
    return (0...1e9).contains(priorImages) ? nil : "mixture: priorImages is \(priorImages), expected 0 to 1e9"
  }
}

/// Why a data set of the user's own is no task.
package enum TaskDocumentError: Error, Equatable, CustomStringConvertible {
  case invalid(file: String, problem: String)
  case missing(place: String)
  case nothingFound(place: String, found: [String])

  package var description: String {
    switch self {
    case .invalid(let file, let problem): "\(file): \(problem)"
    case .missing(let place):
      "\(place): there is no such file or folder; expected the data set's folder, or its .npz file"
    case .nothingFound(let place, let found):
      "\(place): holds no data set that is read: a .npz file with images and labels for training and testing, two of them "
        + "(train.npz, test.npz), or folders train and test with one folder of .png or .jpg files for each class"
        + (found.isEmpty ? "" : "; found \(found.joined(separator: ", "))")
    }
  }
}
