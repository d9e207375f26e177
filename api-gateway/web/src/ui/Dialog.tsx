// Dialogs and drawers (Radix). The veil is an own element, not Radix' overlay, which would add a style element.
import * as Radix from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { t } from '../texts';

interface DialogProps {
  title: string;
  isOpen: boolean;
  close: () => void;
  children: ReactNode;
  /** kind is where the dialog is: in the middle, at the top like a palette, at the side, or as large as the page. */
  kind?: 'middle' | 'palette' | 'drawer' | 'large';
  hasHead?: boolean;
  /** focusAfter is the id of the element that has the focus when the dialog has closed. */
  focusAfter?: string;
}

export function Dialog({
  title,
  isOpen,
  close,
  children,
  kind = 'middle',
  hasHead = true,
  focusAfter = '',
}: DialogProps) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(o) => !o && close()}>
      <Radix.Portal>
        <div className="veil" aria-hidden="true" />
        <Radix.Content
          className={'dialog ' + kind}
          aria-describedby={undefined}
          onCloseAutoFocus={() => document.getElementById(focusAfter)?.focus()}
        >
          <header className={hasHead ? '' : 'hidden'}>
            <Radix.Title>{title}</Radix.Title>
            {hasHead && (
              <Radix.Close className="icon" aria-label={t('dismiss')}>
                <X aria-hidden="true" />
              </Radix.Close>
            )}
          </header>
          <div className="dialog-body">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
