/** Entries of references.bib, by key; each checked against the publisher's, the anthology's or arXiv's own. `plain.bst` takes all of them. */
export const REFERENCES = {
  narayanan2025ether0: `@misc{narayanan2025ether0,
  title  = {Training a Scientific Reasoning Model for Chemistry},
  author = {Narayanan, Siddharth M. and Braza, James D. and Griffiths, Ryan-Rhys and Bou, Albert and Wellawatte, Geemi P. and Ramos, Mayk Caldas and Mitchener, Ludovico and Rodriques, Samuel G. and White, Andrew D.},
  year   = {2025},
  note   = {arXiv:2506.17238},
  doi    = {10.48550/arXiv.2506.17238}
}`,
  lambert2025rewardbench: `@inproceedings{lambert2025rewardbench,
  title     = {{RewardBench}: Evaluating Reward Models for Language Modeling},
  author    = {Lambert, Nathan and Pyatkin, Valentina and Morrison, Jacob and Miranda, Lester James V. and Lin, Bill Yuchen and Chandu, Khyathi and Dziri, Nouha and Kumar, Sachin and Zick, Tom and Choi, Yejin and Smith, Noah A. and Hajishirzi, Hannaneh},
  booktitle = {Findings of the Association for Computational Linguistics: {NAACL} 2025},
  pages     = {1755--1797},
  year      = {2025},
  note      = {arXiv:2403.13787}
}`,
  malik2025rewardbench2: `@misc{malik2025rewardbench2,
  title  = {{RewardBench} 2: Advancing Reward Model Evaluation},
  author = {Malik, Saumya and Pyatkin, Valentina and Land, Sander and Morrison, Jacob and Smith, Noah A. and Hajishirzi, Hannaneh and Lambert, Nathan},
  year   = {2025},
  note   = {arXiv:2506.01937}
}`,
  rafailov2023dpo: `@inproceedings{rafailov2023dpo,
  title     = {Direct Preference Optimization: Your Language Model is Secretly a Reward Model},
  author    = {Rafailov, Rafael and Sharma, Archit and Mitchell, Eric and Manning, Christopher D. and Ermon, Stefano and Finn, Chelsea},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {36},
  pages     = {53728--53741},
  year      = {2023},
  note      = {arXiv:2305.18290}
}`,
  jiang2025rationalyst: `@inproceedings{jiang2025rationalyst,
  title     = {{RATIONALYST}: Pre-training Process-Supervision for Improving Reasoning},
  author    = {Jiang, Dongwei and Wang, Guoxuan and Lu, Yining and Wang, Andrew and Zhang, Jingyu and Liu, Chuyu and Van Durme, Benjamin and Khashabi, Daniel},
  booktitle = {Proceedings of the 63rd Annual Meeting of the Association for Computational Linguistics (Volume 1: Long Papers)},
  year      = {2025},
  note      = {arXiv:2410.01044}
}`,
  wolf2020transformers: `@inproceedings{wolf2020transformers,
  title     = {Transformers: State-of-the-Art Natural Language Processing},
  author    = {Wolf, Thomas and Debut, Lysandre and Sanh, Victor and Chaumond, Julien and Delangue, Clement and Moi, Anthony and Cistac, Pierric and Rault, Tim and Louf, R\\'{e}mi and Funtowicz, Morgan and Davison, Joe and Shleifer, Sam and von Platen, Patrick and Ma, Clara and Jernite, Yacine and Plu, Julien and Xu, Canwen and Le Scao, Teven and Gugger, Sylvain and Drame, Mariama and Lhoest, Quentin and Rush, Alexander M.},
  booktitle = {Proceedings of the 2020 Conference on Empirical Methods in Natural Language Processing: System Demonstrations},
  pages     = {38--45},
  year      = {2020},
  doi       = {10.18653/v1/2020.emnlp-demos.6}
}`,
  onnxruntime: `@misc{onnxruntime,
  title        = {{ONNX} {Runtime}},
  author       = {{ONNX Runtime developers}},
  howpublished = {\\url{https://onnxruntime.ai}}
}`,
  rdkit: `@misc{rdkit,
  title        = {{RDKit}: Open-source cheminformatics},
  author       = {Landrum, Greg and others},
  howpublished = {\\url{https://www.rdkit.org}},
  doi          = {10.5281/zenodo.591637}
}`,
  cohen1960kappa: `@article{cohen1960kappa,
  title   = {A Coefficient of Agreement for Nominal Scales},
  author  = {Cohen, Jacob},
  journal = {Educational and Psychological Measurement},
  volume  = {20},
  number  = {1},
  pages   = {37--46},
  year    = {1960},
  doi     = {10.1177/001316446002000104}
}`,
  gwet2008ac1: `@article{gwet2008ac1,
  title   = {Computing inter-rater reliability and its variance in the presence of high agreement},
  author  = {Gwet, Kilem Li},
  journal = {British Journal of Mathematical and Statistical Psychology},
  volume  = {61},
  number  = {1},
  pages   = {29--48},
  year    = {2008},
  doi     = {10.1348/000711006X126600}
}`,
  byrt1993pabak: `@article{byrt1993pabak,
  title   = {Bias, prevalence and kappa},
  author  = {Byrt, Ted and Bishop, Janet and Carlin, John B.},
  journal = {Journal of Clinical Epidemiology},
  volume  = {46},
  number  = {5},
  pages   = {423--429},
  year    = {1993},
  doi     = {10.1016/0895-4356(93)90018-V}
}`,
  kendall1945ties: `@article{kendall1945ties,
  title   = {The Treatment of Ties in Ranking Problems},
  author  = {Kendall, M. G.},
  journal = {Biometrika},
  volume  = {33},
  number  = {3},
  pages   = {239--251},
  year    = {1945},
  doi     = {10.1093/biomet/33.3.239}
}`,
  somers1962d: `@article{somers1962d,
  title   = {A New Asymmetric Measure of Association for Ordinal Variables},
  author  = {Somers, Robert H.},
  journal = {American Sociological Review},
  volume  = {27},
  number  = {6},
  pages   = {799--811},
  year    = {1962},
  doi     = {10.2307/2090408}
}`,
  bradley1952pairs: `@article{bradley1952pairs,
  title   = {Rank Analysis of Incomplete Block Designs: {I}. {The} Method of Paired Comparisons},
  author  = {Bradley, Ralph Allan and Terry, Milton E.},
  journal = {Biometrika},
  volume  = {39},
  number  = {3/4},
  pages   = {324--345},
  year    = {1952},
  doi     = {10.2307/2334029}
}`,
  dubois2024length: `@misc{dubois2024length,
  title  = {Length-Controlled {AlpacaEval}: A Simple Way to Debias Automatic Evaluators},
  author = {Dubois, Yann and Galambosi, Bal\\'{a}zs and Liang, Percy and Hashimoto, Tatsunori B.},
  year   = {2024},
  note   = {arXiv:2404.04475}
}`,
  field2007clustered: `@article{field2007clustered,
  title   = {Bootstrapping clustered data},
  author  = {Field, Christopher A. and Welsh, Alan H.},
  journal = {Journal of the Royal Statistical Society: Series B (Statistical Methodology)},
  volume  = {69},
  number  = {3},
  pages   = {369--390},
  year    = {2007},
  doi     = {10.1111/j.1467-9868.2007.00593.x}
}`,
  wilson1927: `@article{wilson1927,
  title   = {Probable Inference, the Law of Succession, and Statistical Inference},
  author  = {Wilson, Edwin B.},
  journal = {Journal of the American Statistical Association},
  volume  = {22},
  number  = {158},
  pages   = {209--212},
  year    = {1927},
  doi     = {10.1080/01621459.1927.10502953}
}`,
  zou2008mover: `@article{zou2008mover,
  title   = {Construction of confidence limits about effect measures: A general approach},
  author  = {Zou, G. Y. and Donner, A.},
  journal = {Statistics in Medicine},
  volume  = {27},
  number  = {10},
  pages   = {1693--1702},
  year    = {2008},
  doi     = {10.1002/sim.3095}
}`,
  wang2023consistency: `@inproceedings{wang2023consistency,
  title     = {Self-Consistency Improves Chain of Thought Reasoning in Language Models},
  author    = {Wang, Xuezhi and Wei, Jason and Schuurmans, Dale and Le, Quoc V. and Chi, Ed H. and Narang, Sharan and Chowdhery, Aakanksha and Zhou, Denny},
  booktitle = {The Eleventh International Conference on Learning Representations},
  year      = {2023},
  note      = {arXiv:2203.11171}
}`,
  luong2024reft: `@inproceedings{luong2024reft,
  title     = {{ReFT}: Reasoning with Reinforced Fine-Tuning},
  author    = {Luong, Trung Quoc and Zhang, Xinbo and Jie, Zhanming and Sun, Peng and Jin, Xiaoran and Li, Hang},
  booktitle = {Proceedings of the 62nd Annual Meeting of the Association for Computational Linguistics (Volume 1: Long Papers)},
  pages     = {7601--7614},
  year      = {2024},
  note      = {arXiv:2401.08967}
}`,
  chen2021codex: `@misc{chen2021codex,
  title  = {Evaluating Large Language Models Trained on Code},
  author = {Chen, Mark and Tworek, Jerry and Jun, Heewoo and Yuan, Qiming and Pinto, Henrique Ponde de Oliveira and Kaplan, Jared and Edwards, Harri and Burda, Yuri and Joseph, Nicholas and Brockman, Greg and others},
  year   = {2021},
  note   = {arXiv:2107.03374}
}`,
  shao2024grpo: `@misc{shao2024grpo,
  title  = {{DeepSeekMath}: Pushing the Limits of Mathematical Reasoning in Open Language Models},
  author = {Shao, Zhihong and Wang, Peiyi and Zhu, Qihao and Xu, Runxin and Song, Junxiao and Bi, Xiao and Zhang, Haowei and Zhang, Mingchuan and Li, Y. K. and Wu, Y. and others},
  year   = {2024},
  note   = {arXiv:2402.03300}
}`,
  mcnemar1947: `@article{mcnemar1947,
  title   = {Note on the sampling error of the difference between correlated proportions or percentages},
  author  = {McNemar, Quinn},
  journal = {Psychometrika},
  volume  = {12},
  number  = {2},
  pages   = {153--157},
  year    = {1947},
  doi     = {10.1007/BF02295996}
}`,
  delong1988: `@article{delong1988,
  title   = {Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves: A Nonparametric Approach},
  author  = {DeLong, Elizabeth R. and DeLong, David M. and Clarke-Pearson, Daniel L.},
  journal = {Biometrics},
  volume  = {44},
  number  = {3},
  pages   = {837--845},
  year    = {1988},
  doi     = {10.2307/2531595}
}`,
  holm1979: `@article{holm1979,
  title   = {A Simple Sequentially Rejective Multiple Test Procedure},
  author  = {Holm, Sture},
  journal = {Scandinavian Journal of Statistics},
  volume  = {6},
  number  = {2},
  pages   = {65--70},
  year    = {1979}
}`,
  benjamini1995: `@article{benjamini1995,
  title   = {Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple Testing},
  author  = {Benjamini, Yoav and Hochberg, Yosef},
  journal = {Journal of the Royal Statistical Society: Series B (Methodological)},
  volume  = {57},
  number  = {1},
  pages   = {289--300},
  year    = {1995},
  doi     = {10.1111/j.2517-6161.1995.tb02031.x}
}`,
} as const

export type ReferenceKey = keyof typeof REFERENCES | 'chemherm'

/** Our own entry, with the version that ran. */
const own = (version: string): string => `@misc{chemherm,
  title  = {chemherm: does this reward model agree with chemistry?},
  author = {{The chemherm authors}},
  note   = {Software, version ${version.replace(/[^\w.+-]/g, '')}}
}`

/** references.bib: what a text cites, in the order in which it does so. */
export const bibliography = (keys: readonly ReferenceKey[], version: string): string =>
  `${keys.map((key) => (key === 'chemherm' ? own(version) : REFERENCES[key])).join('\n\n')}\n`

/** Collects what a text cites while it is written. */
export class Citations {
  readonly #keys = new Set<ReferenceKey>()

  /** @example cite('rdkit', 'wilson1927') // ' [@rdkit; @wilson1927]' */
  readonly cite = (...keys: readonly ReferenceKey[]): string => {
    for (const key of keys) this.#keys.add(key)
    return ` [${keys.map((key) => `@${key}`).join('; ')}]`
  }

  get keys(): readonly ReferenceKey[] {
    return [...this.#keys]
  }
}
