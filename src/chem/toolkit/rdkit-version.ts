import { checkPinned, pinnedPackage } from '../../package.ts'

const RDKIT = '@rdkit/rdkit'

/**
 * Names that RDKit's build minifies are read from its script (rdkit.ts), and the golden rewards are those of one version.
 * @throws UsageError where another version than the pinned one is installed
 */
export const checkRdkitVersion = (): void => checkPinned(pinnedPackage(RDKIT))
