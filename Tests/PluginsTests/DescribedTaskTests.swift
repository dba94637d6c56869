import BenchCore
import Foundation
import Images
import JSON
import Synchronization
import Tensor
import Testing

@testable import Checkpoints
@testable import Plugins

/// Data sets of the user's own.
@Suite struct DescribedTaskTests {
  private static func withFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// A `.npy` file of bytes.
  private static func array(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(sizes)), }\n"
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes)
  }

  private static func archive(_ arrays: [(String, Data)], to url: URL) throws {
    var writer = ZipWriter(file: url.lastPathComponent, capacity: 0)
    for (name, data) in arrays { try writer.add("\(name).npy", data) }
    try writer.finished().write(to: url)
  }

  /// Images of one level per class, with a mark of their number.
  private static func images(_ labels: [UInt8], size: Int) -> [UInt8] {
    labels.enumerated().flatMap { index, label in
      [UInt8(index)] + [UInt8](repeating: 60 * (label + 1), count: size - 1)
    }
  }

  private static let labels: (train: [UInt8], test: [UInt8]) = (
    (0..<60).map { $0 % 3 }, (0..<12).map { ($0 / 2) % 3 }
  )

  private static func document(_ folder: URL, resize: Int? = nil, crop: [Int]? = nil) throws -> TaskDocument {
    let inspection = TaskInspection(folder, resize: resize, crop: crop, beside: BuiltinPlugins.all.tasks)
    return try inspection.document(inspection.find(), id: "mine", title: "Mine", options: TaskOptions(threads: 1))
  }

  private static func task(_ folder: URL, _ document: TaskDocument) throws -> DescribedTask {
    try JSONEncoding.encode(document).write(to: folder.appendingPathComponent("task.json"))
    return try DescribedTask(folder.path, beside: BuiltinPlugins.all.tasks)
  }

  @Test(
    "arrays by the names that Keras, MedMNIST and others give them, channels last or first",
    arguments: [
      ("x_train", "y_train", "x_test", "y_test", "", [6, 5], [1, 6, 5]),
      ("train_images", "train_labels", "test_images", "test_labels", ",1", [6, 5, 3], [3, 6, 5]),
      ("images_train", "labels_train", "images_val", "labels_val", "", [1, 6, 5], [1, 6, 5]),
    ] as [(String, String, String, String, String, [Int], [Int])])
  func arrays(
    _ first: String, _ second: String, _ third: String, _ fourth: String, _ extra: String, _ stored: [Int],
    _ shape: [Int]
  ) throws {
    try Self.withFolder { folder in
      let size = shape.reduce(1, *)
      func labels(_ values: [UInt8]) -> Data { Self.array([values.count] + (extra.isEmpty ? [] : [1]), values) }
      try Self.archive(
        [
          (first, Self.array([60] + stored, Self.images(Self.labels.train, size: size))),
          (second, labels(Self.labels.train)),
          (third, Self.array([12] + stored, Self.images(Self.labels.test, size: size))),
          (fourth, labels(Self.labels.test)),
        ], to: folder.appendingPathComponent("set.npz"))
      let document = try Self.document(folder)
      #expect(document.imageShape == shape && document.classes == ["0", "1", "2"])
      #expect(document.train.images == first && document.test.labels == fourth)
      #expect(document.trials?.count == 3)
      // The same from the file.
      #expect(try Self.document(folder.appendingPathComponent("set.npz")) == document)
      let task = try Self.task(folder, document).make(TaskOptions())
      #expect(task.id == "mine" && task.criteria == nil && task.quality != nil)
      #expect(task.dataRemark?.contains("described by task.json of SHA-256") == true)
      let set = try task.evaluationImages(count: 12, seed: 0)
      // Every image keeps its label, in an order that is not the file's.
      let marks = (0..<12).map { Int(set.images[batch: $0..<$0 + 1].scalars[0] * 255 + 0.5) }
      #expect(marks.sorted() == Array(0..<12) && marks != marks.sorted())
      #expect(zip(marks, set.labels).allSatisfy { Int(Self.labels.test[$0]) == $1 })
      let last = set.images[batch: 0..<1].scalars
      #expect(abs(last[last.count - 1] - Float(60 * (set.labels[0] + 1)) / 255) < 1e-6)
    }
  }

  @Test("folders of images, coloured and grey, brought to one size")
  func folders() throws {
    try Self.withFolder { folder in
      for (split, count) in [("train", 10), ("val", 4)] {
        for (label, name) in ["cat", "Dog"].enumerated() {
          let place = folder.appendingPathComponent("\(split)/\(name)")
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
          for index in 0..<count {
            let channels = label == 0 ? 3 : 1
            let (width, height) = (10 + index % 3, 8 + index % 2)
            let image = PixelImage(
              width: width, height: height, channels: channels,
              pixels: (0..<width * height * channels).map { UInt8(($0 * 7 + index + 100 * label) % 256) })
            try PNG.encode(image).write(to: place.appendingPathComponent("\(index).png"))
          }
          try Data("not an image".utf8).write(to: place.appendingPathComponent("notes.txt"))
        }
      }
      // Of several sizes: refused unless they are brought to one.
      #expect {
        _ = try Self.document(folder)
      } throws: { "\($0)".contains("`resize` and `crop` bring them to one size") }
      let document = try Self.document(folder, resize: 8, crop: [8, 8])
      // As Python sorts: capitals first.
      #expect(document.classes == ["Dog", "cat"] && document.imageShape == [3, 8, 8])
      let plugin = try Self.task(folder, document)
      let set = try plugin.evaluationImages(TaskOptions(), count: 8, seed: 0)
      #expect(set.labels.sorted() == [0, 0, 0, 0, 1, 1, 1, 1])
      // Grey images are three equal channels.
      let dog = try #require(set.labels.firstIndex(of: 0))
      let planes = set.images[batch: dog..<dog + 1].scalars
      #expect(Array(planes[0..<64]) == Array(planes[64..<128]))
      // What is there and in no class, and what is missing.
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("val/bird"), withIntermediateDirectories: true)
      #expect {
        _ = try plugin.evaluationImages(TaskOptions(), count: 8, seed: 0)
      } throws: { "\($0)".contains("holds folders that are no class's: bird") }
    }
  }

  /// Eight images of two classes, of which the third and the sixth cannot be read.
  private static func spoilt(_ folder: URL) throws -> ImageFiles {
    for (label, name) in ["a", "b"].enumerated() {
      let place = folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for index in 0..<4 {
        let image = PixelImage(width: 4, height: 4, channels: 1, pixels: [UInt8](repeating: UInt8(index), count: 16))
        let isSpoilt = 4 * label + index == 2 || 4 * label + index == 5
        try (isSpoilt ? Data("not an image".utf8) : PNG.encode(image)).write(
          to: place.appendingPathComponent("\(index).png"))
      }
    }
    return ImageFiles(
      files: try ClassFolders(folder: folder, classes: ["a", "b"]).files(), fitting: ImageFitting(shape: [1, 4, 4]))
  }

  @Test("the first image that cannot be read is named, and none after it is read")
  func firstUnreadableImage() throws {
    try Self.withFolder { folder in
      let files = try Self.spoilt(folder)
      for threads in [1, 3] {
        let begun = Mutex(0)
        #expect {
          try Cancellation.$current.withValue(Cancellation { begun.withLock { $0 += 1 } }) {
            _ = try files.dataset(name: "x", split: "train", order: Array(0..<8), threads: threads)
          }
        } throws: { "\($0)".contains("/a/2.png") }
        // What other threads are at is the scheduler's matter.
        #expect(threads > 1 || begun.withLock { $0 } == 3)
      }
    }
  }

  @Test("whoever asks to stop waits for the images that are being read, not for the rest")
  func cancelledWithinOneFolder() throws {
    try Self.withFolder { folder in
      let files = try Self.spoilt(folder)
      for threads in [1, 3] {
        let asked = Mutex(0)
        #expect(throws: CancellationError.self) {
          try Cancellation.$current.withValue(
            Cancellation {
              asked.withLock { $0 += 1 }
              throw CancellationError()
            }
          ) { _ = try files.dataset(name: "x", split: "train", order: Array(0..<8), threads: threads) }
        }
        #expect((1...threads).contains(asked.withLock { $0 }))
      }
    }
  }

  @Test func whatIsNoDataSetIsNamed() throws {
    try Self.withFolder { folder in
      func refusal(_ arrays: [(String, Data)]) throws -> String {
        let file = folder.appendingPathComponent("set.npz")
        try Self.archive(arrays, to: file)
        do {
          _ = try Self.document(folder)
          return ""
        } catch {
          return "\(error)"
        }
      }
      func set(_ images: Data, _ labels: Data) -> [(String, Data)] {
        [("x_train", images), ("y_train", labels), ("x_test", images), ("y_test", labels)]
      }
      let images = Self.array([2, 4, 4], [UInt8](repeating: 1, count: 32))
      let labels = Self.array([2], [0, 1])
      #expect(try refusal([("a", images)]).contains("has no arrays x_train and y_train, but a"))
      #expect(
        try refusal(set(images, Self.array([2, 3], [0, 1, 2, 0, 1, 2]))).contains("one label for each of 2 images"))
      #expect(try refusal(set(Self.array([2, 16], [UInt8](repeating: 1, count: 32)), labels)).contains("[N, H, W, C]"))
      // Three channels first or last?
      let both = Self.array([2, 3, 4, 3], [UInt8](repeating: 1, count: 72))
      #expect(try refusal(set(both, labels)).contains("has shape [2, 3, 4, 3], expected"))
      #expect(try refusal(set(images, Self.array([2], [0, 0]))).contains("classes: there are 1, expected 2 to 4096"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("set.npz"))
      #expect {
        _ = try Self.document(folder)
      } throws: { "\($0)".contains("holds no data set that is read") }
    }
  }

  @Test("classes of a few images are described without trials; of one image not at all")
  func fewImages() throws {
    try Self.withFolder { folder in
      func write(_ labels: [UInt8]) throws {
        let images = Self.array([labels.count, 4, 4], Self.images(labels, size: 16))
        try Self.archive(
          [
            ("x_train", images), ("y_train", Self.array([labels.count], labels)), ("x_test", images),
            ("y_test", Self.array([labels.count], labels)),
          ], to: folder.appendingPathComponent("set.npz"))
      }
      try write([0, 1, 0, 1, 2, 2])
      let document = try Self.document(folder)
      #expect(document.trials == nil && document.mixture.factors == 1 && document.mixture.priorImages == 500)
      #expect(try Self.task(folder, document).make(TaskOptions()).quality != nil)
      try write([0, 1, 0, 1, 2])
      #expect { _ = try Self.document(folder) } throws: {
        "\($0)".contains("class 2 has 1 training image, expected at least 2")
      }
      try write([1, 1, 3, 3])
      #expect { _ = try Self.document(folder) } throws: { "\($0)".contains("numbered from 0 without gaps") }
      // A rare class among many images has its share of every part.
      try write([UInt8](repeating: 0, count: 60) + [UInt8](repeating: 1, count: 12))
      #expect(try Self.document(folder).trials?.count == 3)
    }
  }

  @Test func foldersSayWhatIsNotRead() throws {
    try Self.withFolder { folder in
      func image(_ channels: Int, _ path: String, level: UInt8 = 9) throws {
        let url = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let pixels = [UInt8](repeating: level, count: 64 * channels)
        try PNG.encode(PixelImage(width: 8, height: 8, channels: channels, pixels: pixels)).write(to: url)
      }
      func refusal() -> String {
        do {
          _ = try Self.document(folder)
          return ""
        } catch {
          return "\(error)"
        }
      }
      // The first of each class is grey, another one is not; files of folders below count, as torchvision has it.
      for split in ["train", "test"] {
        for name in ["a", "b"] {
          for index in 0..<3 { try image(name == "a" && index == 2 ? 3 : 1, "\(split)/\(name)/\(index).png") }
          try image(1, "\(split)/\(name)/more/4.png", level: 77)
        }
      }
      let document = try Self.document(folder)
      #expect(document.imageShape == [3, 8, 8])
      #expect(try Self.task(folder, document).evaluationImages(TaskOptions(), count: 8, seed: 0).labels.count == 8)
      let other = folder.appendingPathComponent("train/a/x.bmp")
      try Data("BM".utf8).write(to: other)
      #expect(refusal().contains("x.bmp: is in a format that is not read"))
      try FileManager.default.removeItem(at: other)
      var sixteen = try Data(contentsOf: folder.appendingPathComponent("train/b/0.png"))
      sixteen[24] = 16
      try sixteen.write(to: folder.appendingPathComponent("train/b/9.png"))
      #expect(refusal().contains("train/b/9.png: has 16 bits a channel"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("train/b/9.png"))
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("train/c"), withIntermediateDirectories: true)
      #expect(refusal().contains("train/c: holds no .png or .jpg files, but nothing"))
      for index in 0..<4100 { try image(1, "train/c\(index)/0.png") }
      try FileManager.default.removeItem(at: folder.appendingPathComponent("train/c"))
      #expect(refusal().contains("folders of 4102 classes, expected at most 4096"))
    }
  }

  @Test func descriptionsAreChecked() throws {
    let good = TaskDocument(
      id: "mine", title: "Mine", version: 1, classes: ["a", "b"], imageShape: [1, 8, 8],
      train: .init(file: "x.npz", images: "x", labels: "y"), test: .init(folder: "test"), stepSizes: [1, 2, 3, 4],
      mixture: .init(imagesPerComponent: 450, maximumComponents: 12, factors: 8, tangentDimension: 4, priorImages: 100))
    func problem(_ change: (inout TaskDocument) -> Void) throws -> String {
      var document = good
      change(&document)
      do {
        _ = try TaskDocument.read(JSONEncoding.encode(document), file: "task.json", beside: BuiltinPlugins.all.tasks)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(try problem { _ in } == "")
    let changes: [(String, (inout TaskDocument) -> Void)] = [
      ("id:", { $0.id = "../x" }), ("is a task of pags-bench", { $0.id = "cifar10" }), ("title:", { $0.title = "" }),
      ("version:", { $0.version = 0 }), ("two have the same name", { $0.classes = ["a", "a"] }),
      ("classes:", { $0.classes = (0..<5000).map(String.init) }), ("imageShape:", { $0.imageShape = [2, 8, 8] }),
      ("imageShape:", { $0.imageShape = [1, Int.max, Int.max] }), ("imageShape:", { $0.imageShape = [1, 8] }),
      ("resize and crop: are of folders", { $0.resize = 8 }), ("control character", { $0.classes = ["a", "b\n"] }),
      ("stepSizes:", { $0.stepSizes = [2, 1, 3, 4] }),
      ("stepSizes:", { $0.stepSizes = [] }), ("mixture: factors", { $0.mixture.factors = 64 }),
      ("mixture: factors", { $0.mixture.tangentDimension = 9 }), ("priorImages", { $0.mixture.priorImages = -1 }),
      ("imagesPerComponent", { $0.mixture.imagesPerComponent = 0 }),
      ("test: names a folder and a file", { $0.test.file = "x.npz" }),
      ("train: expected `folder`", { $0.train.labels = nil }),
    ]
    for (words, change) in changes {
      let found = try problem(change)
      #expect(found.hasPrefix("task.json: ") && found.contains(words), "\(found)")
    }
    #expect {
      _ = try TaskDocument.read(Data(#"{"id": "x", "colour": 1}"#.utf8), file: "task.json", beside: [])
    } throws: { "\($0)".contains("task.json") }
  }

  @Test func stepsFollowTheLengthOfImages() throws {
    // Of MNIST's: two places below CIFAR-10's on the paper's grid.
    for (value, first) in [(UInt8(136), 12), (84, 11), (40, 10)] {
      let count = 3072
      let set = PixelDataset(
        name: "x", split: "train", imageShape: [3, 32, 32], pixels: [UInt8](repeating: value, count: count), labels: [0]
      )
      let steps = try TaskInspection.stepSizes(set)
      #expect(abs(steps[0] - pow(10, -3 + 5 * Double(first) / 19)) < 1e-12, "\(value)")
    }
    let dark = PixelDataset(
      name: "x", split: "train", imageShape: [1, 4, 4], pixels: [UInt8](repeating: 0, count: 16), labels: [0])
    #expect(try TaskInspection.stepSizes(dark).allSatisfy { $0 > 0 && $0.isFinite })
  }
}
