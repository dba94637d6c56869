/// Digests of the published data sets that tasks are measured on, at several lengths from the first image.
///
/// Computed from the published files with Python's hashlib: `images` is the SHA-256 of the first `count` images' bytes in the order
/// channel, row, column, `labels` of as many label bytes, `pattern` of the labels renamed in the order in which they occur first
/// (0, 1, 2, ...). Of MNIST, `images` of the whole files without their headers: the files themselves, unpacked, have the SHA-256
/// that many programs state (train images ba891046..., labels 65a50cbb..., test images 0fa7898d..., labels ff7bcfd4...).
/// Of CIFAR-10, the beginnings of the six files of the binary version: a longer file is known by its beginning.
enum PublishedDigests {
  static let mnistTraining = PublishedPart(
    dataset: "MNIST", name: "the training images", wholeCount: 60000, firstLabels: [5, 0, 4, 1, 9, 2, 3, 6, 7, 8],
    beginnings: [
      .init(
        count: 100, images: "c8d7b3ac57a59fa463cbbcdc21a53485e2990f12ca46d0fef62dd86cadfd67a3",
        labels: "2bfbc1f6423bc64f724ca221ee9d4f117eebbd783a11b667259d62e1019d8cdb",
        pattern: "44c77a64370ba8f47372877d6309ba756be559206e556b561233bc425c2acaff"),
      .init(
        count: 1000, images: "2304e0137aea1f236247daacc2dcaf275996895e40c4bb0760c448434d361d1a",
        labels: "b03ead2884240483d956c7feac7a9b39d28685062da0a980bb73d2196dc506b8",
        pattern: "bd7f65f215fe403cabf6294ea1c6db88c0cfa173ad83c183a78bb13de23df408"),
      .init(
        count: 10000, images: "2f7182bf021ffc5c1f62db987487f14d899b5c639f421a80f3095affc09a7db2",
        labels: "2f345bad07338ec537641465e169cc4b7288a44244f251211c7f842641e7d927",
        pattern: "127f078215c39482a0d9d6b7839c27fdc477c9c6afce72227f4f3fde71adc6f6"),
      .init(
        count: 60000, images: "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        labels: "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        pattern: "92c556185f9841e47468f0a179a7232e7abcd491b6bda52babd5353802e87227"),
    ])

  static let mnistTest = PublishedPart(
    dataset: "MNIST", name: "the test images", wholeCount: 10000, firstLabels: [7, 2, 1, 0, 4, 9, 5, 6, 3, 8],
    beginnings: [
      .init(
        count: 100, images: "8a004a2f81a80f4866259cbb77cf37af89315036b298b250b4d45c24aaa92048",
        labels: "8333c1b5aeb5f50a2f5517fa21d8d824e3d69fb6160fb650fb58a373ad762f2a",
        pattern: "2ddad39d39018dab05401205ffaeab70bee90aa18b3af3b01698cf792e7decb1"),
      .init(
        count: 1000, images: "f8f3c5a608a9f7d4bd5e9d69b90c53932b8b99371d9db26121b42f62f3abcd56",
        labels: "d14ba0a1a3818edefa35518ed001ece84b7ac0eabe9394551c73928493175d3f",
        pattern: "437d7a857115f87e7b24f30a9161ebe8c49d134d1d8cb7d128b2f035a7cedc81"),
      .init(
        count: 10000, images: "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        labels: "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        pattern: "a4991506fd6f8054bf30b5d90af0d4c11aeef32fbc1ef89b84d6b4a8bc8f9c92"),
    ])

  static let cifar10Batch1 = PublishedPart(
    dataset: "CIFAR-10", name: "data_batch_1.bin", wholeCount: 10000, firstLabels: [6, 9, 4, 1, 2, 7, 8, 3, 5, 0],
    beginnings: [
      .init(
        count: 100, images: "33cfc4bc9ece505225a5cec14f12626b5ab5b2055651022f7cf31dc268bcc47e",
        labels: "962fbe004d378ad7a3850d3a9a4d2689715b857c6900b7e64b149c73fe94866c",
        pattern: "5e5eb9526354719058cac21e81f36c06e77910c064ae5511daf8504e76834219"),
      .init(
        count: 932, images: "12f159bc440e480e3075017fb31125db03593e2476ba8dbb9a501f503447dd7d",
        labels: "aa11fa42018b2eb87c92a08b31167802a86af05f79936352c7453d0258777bd7",
        pattern: "1ef9941a31259b279e00802ed5342a39850a61a256703899d224bb1d7f289fa9"),
    ])

  static let cifar10Batch2 = PublishedPart(
    dataset: "CIFAR-10", name: "data_batch_2.bin", wholeCount: 10000, firstLabels: [1, 6, 8, 3, 4, 0, 5, 2, 7, 9],
    beginnings: [
      .init(
        count: 100, images: "011d508aea1e2e49931acf62ec467d97068cf51315bc4bad455cbf5d42218986",
        labels: "4dac9eac721fdd1605f71e1f2ab06b1646fa8ab8cee56b5e5bd63ef821b2ef15",
        pattern: "870535bb0cc2c5c1412dd13c25c10d2dcf8f451b8baa1e68c8ed05162aebd23b"),
      .init(
        count: 932, images: "ec002f9d15c909e7466dee269575083c47e93f64cc78704b2cc769f5d353d6f5",
        labels: "5ea274748e497b3e27688f9eb4b04466e2cace5bfe9e38299d2651a163612ae4",
        pattern: "e2d627397c17b8ccab404d8f6e833adba20d9fbe3257b79e98a7a01769af24d3"),
    ])

  static let cifar10Batch3 = PublishedPart(
    dataset: "CIFAR-10", name: "data_batch_3.bin", wholeCount: 10000, firstLabels: [8, 5, 0, 6, 9, 2, 3, 7, 4, 1],
    beginnings: [
      .init(
        count: 100, images: "a7b3a0991444b7d08149086a728388a94119a75c79ca564b35c8260d30f0e76e",
        labels: "8633b157f66b09f5735da14748d50ffdd4cdbe5ae057e9ac8ec6ac30034a0599",
        pattern: "6e7e12969cdbacbdd08b5ebaa67f2830ae0fd9e95752f281274c8faef6524aa0"),
      .init(
        count: 932, images: "781f62fd5305b9ec9cffc9a1b542fa92736e2e3db170cbc4b361884dc201a9a1",
        labels: "f8347c8e64f1313a69dfd3a7befcb333f2f6796a883e46cbae3169258bb2cdd1",
        pattern: "590bfb529633fa869909b10c067a5368a8a6c2072728eddd02306facfe1a0adb"),
    ])

  static let cifar10Batch4 = PublishedPart(
    dataset: "CIFAR-10", name: "data_batch_4.bin", wholeCount: 10000, firstLabels: [0, 6, 2, 7, 1, 4, 5, 3, 8, 9],
    beginnings: [
      .init(
        count: 100, images: "3bc3c2892f3de262cf23a375796f62864dca578fde6948a0b9f3f9c3145a541f",
        labels: "3234f28fbe5152ad620526825d6a17a5eb4a52634ba1d831d4cd0a13d99c01b3",
        pattern: "29cbc695920451e27da998726e8a7d2c5e9fe8025a72b6e1906c9c1e369de316"),
      .init(
        count: 932, images: "4013f3c4fef0f1f2f9f2ce2ea3c38bad890d449525445eba722d03cec9838811",
        labels: "790f97ddc3803ac7d711833c6a48c27bfc90d76bcceda641bb1d37b251d0a20c",
        pattern: "c9153292a0eccac261ecccbbca72c5eea03ff16f833581c3976b63323025add3"),
    ])

  static let cifar10Batch5 = PublishedPart(
    dataset: "CIFAR-10", name: "data_batch_5.bin", wholeCount: 10000, firstLabels: [1, 8, 5, 7, 4, 3, 2, 0, 9, 6],
    beginnings: [
      .init(
        count: 100, images: "c577eed1f889cf07d51db2a1815dc4cbc1cc9ff17ec1adf576a44beb1bb57d12",
        labels: "eb1eb261e8da6e232bfc7fd95e3878c6f64ee78f317800b14e8ecd72bcbacf48",
        pattern: "d99895410a5a8aab5e04fda1444c80fba5faa5f305a9e1650445382af1ab73fa"),
      .init(
        count: 932, images: "e42aacfe59637415d815b273e1f38918cbca0a1c334f104780ed0d9e243e221d",
        labels: "953055e6311a50ea700e8215dfe9d8c60f67d43dce526407794db00e9f9bb232",
        pattern: "9f204805f0a5c272996f2ace00ce0041bff73d66f9adae57242598c25e3a0615"),
    ])

  static let cifar10Test = PublishedPart(
    dataset: "CIFAR-10", name: "test_batch.bin", wholeCount: 10000, firstLabels: [3, 8, 0, 6, 1, 9, 5, 7, 4, 2],
    beginnings: [
      .init(
        count: 100, images: "8350a243de0d3a9b8a55d4ff25a8b8b51e6c922ef7e7d4c551dab437c47990b2",
        labels: "1843d08539e60d36431abbafcfb2e6edd4609686a5152136a5ffd0d94d95e52d",
        pattern: "f9b6b160483862b1fe81073e109122053f10f164424b9fcce9241195ac96134f"),
      .init(
        count: 600, images: "514362fc2da3e701298b89c3277c83df0917aac942cb3ea00bcdb986235773cb",
        labels: "7b50317d0b1804a7ac20e10c31fc545fe9a86cd211d6545c2f8187a3f8e5db89",
        pattern: "ca796720d760ae7e3cfb203d266e9fc8808db11bacb559905708ecdcd2442771"),
    ])

  static let cifar10: [String: PublishedPart] = Dictionary(
    uniqueKeysWithValues: [cifar10Batch1, cifar10Batch2, cifar10Batch3, cifar10Batch4, cifar10Batch5, cifar10Test].map {
      ($0.name, $0)
    })
}
