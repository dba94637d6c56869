import BenchCore
import Foundation
import Plugins

/// The folder of `--data`: the files of MNIST, plain and gzipped, or those of CIFAR-10 in both versions, with a few images each.
enum DatasetInput: InputKind {
  static let id = "dataset"

  static func files(_ dice: inout Dice) -> [InputFile] {
    let isMNIST = dice.chance(0.6)
    var files = isMNIST ? idxFiles(&dice) : recordFiles(&dice)
    if dice.chance(0.05) { files.remove(at: dice.integer(0...files.count - 1)) }
    if dice.chance(0.2), !files.isEmpty {
      let place = dice.integer(0...files.count - 1)
      files[place] = InputFile(files[place].name, dice.mutated(files[place].data))
    }
    if dice.chance(0.1) { files.append(InputFile("own-data.txt", dice.oddName("mine"))) }
    return files + [InputFile("task", isMNIST ? "mnist" : "cifar10")]
  }

  // MARK: MNIST

  private static func idxFiles(_ dice: inout Dice) -> [InputFile] {
    let folder = dice.pick(["", "", "raw/", "MNIST/raw/"])
    let zips = dice.chance(0.4)
    return ["train", "t10k"].flatMap { prefix in
      let count = dice.integer(1...12)
      let size = dice.chance(0.03) ? dice.extremeInteger() : 28
      let images = idx([count, size, 28], pixels(count * 28 * 28, &dice), &dice)
      let labelCount = dice.chance(0.03) ? count + dice.integer(-1...1) : count
      let labels = idx([labelCount], Self.labels(labelCount, &dice), &dice)
      return [("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)].map { name, data in
        InputFile("\(folder)\(prefix)-\(name)" + (zips ? ".gz" : ""), zips ? GzipFile.stored(data) : data)
      }
    }
  }

  /// - Parameter bytes: as many as the extents say, unless something is wrong.
  private static func idx(_ extents: [Int], _ bytes: [UInt8], _ dice: inout Dice) -> Data {
    var words = [0x0800 + extents.count] + extents
    if dice.chance(0.04) { words[dice.integer(0...words.count - 1)] = dice.extremeInteger() }
    var data = Data()
    for word in words {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: word).bigEndian) { data.append(contentsOf: $0) }
    }
    return data + bytes
  }

  // MARK: CIFAR-10

  private static func recordFiles(_ dice: inout Dice) -> [InputFile] {
    let isPickled = dice.chance(0.5)
    let batches = ((1...5).map { "data_batch_\($0)" } + ["test_batch"]).map { name in
      let count = dice.chance(0.01) ? 0 : dice.integer(1...3)
      return isPickled
        ? InputFile(name, pickledBatch(count, &dice)) : InputFile("\(name).bin", binaryBatch(count, &dice))
    }
    if dice.chance(0.2) {
      let archive = batches.reduce(TarFileMaker()) { $0.adding($1.name, $1.data, &dice) }.data
      return [
        InputFile(dice.pick(["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"]), GzipFile.stored(archive))
      ]
    }
    let folder = dice.pick(["", "", isPickled ? "cifar-10-batches-py/" : "cifar-10-batches-bin/"])
    var files = batches.map { InputFile(folder + $0.name, $0.data) }
    if dice.chance(0.3) {
      var names = (0..<10).map { "class \($0)" }
      if dice.chance(0.5) { names[dice.integer(0...9)] = dice.oddName("class 3") }
      files.append(InputFile("\(folder)batches.meta.txt", names.joined(separator: "\n") + "\n"))
    }
    return files
  }

  private static func binaryBatch(_ count: Int, _ dice: inout Dice) -> Data {
    var data = Data()
    for _ in 0..<count { data += labels(1, &dice) + pixels(3 * 32 * 32, &dice) }
    return data
  }

  private static func pickledBatch(_ count: Int, _ dice: inout Dice) -> Data {
    func number(_ usual: Int, _ dice: inout Dice) -> PickleNode {
      .integer(dice.chance(0.02) ? dice.extremeInteger() : usual)
    }
    let type = PickleNode.build(
      .call(
        .global("numpy", "dtype"),
        .tuple([.text(dice.chance(0.02) ? dice.oddName("u1") : "u1"), .integer(0), .integer(1)])),
      .tuple([.integer(3), .text("|"), .none, .none, .none, .integer(-1), .integer(-1), .integer(0)]))
    let array = PickleNode.build(
      .call(
        .global("numpy.core.multiarray", "_reconstruct"),
        .tuple([.global("numpy", "ndarray"), .tuple([.integer(0)]), .bytes(Data("b".utf8))])),
      .tuple([
        .integer(1), .tuple([number(count, &dice), number(3072, &dice)]), type, .bool(dice.chance(0.05)),
        .bytes(Data(pixels(count * 3072, &dice))),
      ]))
    var labels = labels(count, &dice).map { PickleNode.integer(Int($0)) }
    if dice.chance(0.03), count > 0 { labels[dice.integer(0...count - 1)] = .integer(dice.extremeInteger()) }
    if dice.chance(0.03) { labels.append(dice.pick([.none, .text("cat"), .integer(1)])) }
    var items: [(key: PickleNode, value: PickleNode)] = [
      (.text("batch_label"), .text("a batch")), (.text("labels"), dice.chance(0.9) ? .list(labels) : .tuple(labels)),
      (dice.chance(0.9) ? .text("data") : .bytes(Data("data".utf8)), array),
    ]
    if dice.chance(0.05) { items.remove(at: dice.integer(0...2)) }
    return PickleEncoder.encode(.dictionary(items), protocol: dice.integer(2...4))
  }

  private static func labels(_ count: Int, _ dice: inout Dice) -> [UInt8] {
    (0..<max(0, count)).map { _ in UInt8(dice.chance(0.002) ? dice.integer(10...255) : dice.integer(0...9)) }
  }

  /// Not a choice for each: what is in them decides nothing.
  private static func pixels(_ count: Int, _ dice: inout Dice) -> [UInt8] {
    let (first, step) = (dice.integer(0...255), dice.integer(0...255))
    return (0..<count).map { UInt8(truncatingIfNeeded: first + $0 * step) }
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let id = try String(contentsOf: folder.appendingPathComponent("task"), encoding: .utf8)
    guard let plugin = BuiltinPlugins.all.tasks.first(where: { $0.id == id }) else { return }
    // Making the task would fit a mixture, of which no file decides more than how long it takes.
    let options = TaskOptions(dataDirectory: folder)
    do { try exercise(plugin, options, &progress) } catch let error as DatasetError {
      // What is wrong with the images is found behind the formats' own rules.
      switch error {
      case .wrongDimensions, .countMismatch, .labelOutOfRange, .otherDataset, .otherLabels, .otherChannels:
        progress = max(progress, .parsed)
      default: break
      }
      throw error
    }
  }

  private static func exercise(
    _ plugin: any TaskPlugin, _ options: TaskOptions, _ progress: inout Progress
  ) throws {
    for split in [DataSplit.training, .evaluation] {
      guard let images = try plugin.images(split, options, count: nil, seed: 0) else { continue }
      progress = .parsed
      _ = try images.images(0..<min(4, images.count)).scalars.reduce(0, +)
      _ = images.remark
    }
    _ = try plugin.evaluationImages(options, count: 1, seed: 0).digest
    progress = .loaded
  }
}
