import BenchCore
import Foundation
import Mixtures

/// The task `cifar100`: images and form of CIFAR-10, with 500 training images for each of 100 classes.
///
/// No model of it was measured by this project, so the regime rule has no thresholds here and is not applied; `tasks calibrate` chooses some
/// from networks whose training is known. The constants are those of `cifar10`, whose images these resemble in size and length.
enum CIFAR100 {
  static let task = PixelTaskPlugin(
    PixelTask.Definition(
      id: files.name, version: 1, protocolConstants: CIFAR10.protocolConstants, calibration: .none, criteria: nil,
      settings: CIFAR10.mixtureSettings),
    files: files,
    summary: "CIFAR-100 test images; manifold, score and reference from a mixture fitted to the training images",
    dataSource: "CIFAR-100 binary version, 161 MB, https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    references: ["Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009"])

  static let files = RecordFiles(
    name: "cifar100", title: "CIFAR-100",
    requirement: """
      train.bin and test.bin (the binary version), the same without .bin (the Python version, as torchvision keeps it), either's .tar.gz, \
      or a .npz file of them
      """,
    imageShape: [3, 32, 32], classNames: classNames, classNamesFile: "fine_label_names.txt",
    subfolders: ["cifar-100-binary", "cifar-100-python"],
    archives: ["cifar-100-binary.tar.gz", "cifar-100-python.tar.gz"],
    trainFiles: ["train.bin"], testFiles: ["test.bin"],
    // The superclass comes first.
    labelBytes: 2, labelPlace: 1, labelKey: "fine_labels")

  /// In the order of the labels.
  private static let classNames = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar cattle chair \
    chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard \
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear \
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail \
    snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale \
    willow_tree wolf woman worm
    """.split(separator: " ").map(String.init)
}
