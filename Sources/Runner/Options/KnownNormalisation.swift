import BenchCore
import Text

/// Normalisations that `--mean` takes by name, for pixels in [0, 1].
enum KnownNormalisation: String, CaseIterable {
  /// torchvision's and most of timm's.
  case imagenet
  /// Means and deviations of all pixels of the training images.
  case cifar10, cifar100
  /// PyTorch's example.
  case mnist
  /// OpenAI's CLIP, and networks that begin with its weights.
  case clip

  var preprocessing: Preprocessing {
    switch self {
    case .imagenet: Preprocessing(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    case .cifar10: Preprocessing(mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616])
    case .cifar100: Preprocessing(mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762])
    case .mnist: Preprocessing(mean: [0.1307], std: [0.3081])
    case .clip:
      Preprocessing(mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711])
    }
  }

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
